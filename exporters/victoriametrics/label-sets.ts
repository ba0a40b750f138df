import { hash } from 'node:crypto'
import type { Labels } from '../../core/wire/prometheus/labels.ts'
import { encodeLabels } from '../../core/wire/remote-write/write-request.ts'

/**
 * Encoded labels, one object for each label set. Series that differ only in facts that become no label, as those of
 * replicas without `service.instance.id` do, are one series to the store. Held weakly: the users of a label set keep
 * it.
 */
export class LabelSets {
  #known = new Map<string, WeakRef<Uint8Array>>()
  #gone = new FinalizationRegistry<string>(key => {
    if (this.#known.get(key)?.deref() === undefined) this.#known.delete(key)
  })

  encode(labels: Labels): Uint8Array {
    const encoded = encodeLabels(labels)
    const key = hash('sha1', encoded, 'base64')
    const known = this.#known.get(key)?.deref()
    if (known !== undefined) return known
    this.#known.set(key, new WeakRef(encoded))
    this.#gone.register(encoded, key)
    return encoded
  }
}
