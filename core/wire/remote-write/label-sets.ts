import { type IdHolder, IdLifetimes, type Lease } from '../../model/series-table/id-lifetimes.ts'
import { type StoredKey, UNKNOWN } from '../../model/series-table/key-table.ts'
import { SeriesKeys } from '../../model/series-table/series-keys.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import type { Labels } from '../prometheus/labels.ts'
import { encodeLabels } from './write-request.ts'

/** All label sets have this one. */
const CONTEXT = 0
/**
 * A label set that nothing has been translated to for so many epochs goes, if no state has its id. Translators have ids as
 * long as series are in their table, which is long enough.
 */
const IDLE_EPOCHS = 1

/**
 * Encoded labels, with one id for each label set. Series that differ only in facts that become no label, as those of
 * replicas without `service.instance.id` do, are one series to the store.
 */
export class LabelSets {
  #keys = new SeriesKeys()
  #lifetimes = new IdLifetimes(this.#keys.table, id => this.#keys.release(id))

  /** @param isDerived true if the labels are those of a derived series: they are kept in parts, if they are new */
  idOf(labels: Labels, isDerived = false): number {
    const encoded = encodeLabels(labels)
    const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.length)
    const id = isDerived
      ? this.#keys.idInParts(CONTEXT, view, 0, encoded.length)
      : this.#keys.idAsWhole(CONTEXT, view, 0, encoded.length)
    if (id === UNKNOWN) throw new RangeError(`a series has ${encoded.length} bytes of labels, which is too many`)
    return id
  }

  /** The labels as fields of a TimeSeries, which are valid until the next call. */
  encoded(id: number): StoredKey {
    return this.#keys.of(id)
  }

  /** To be kept with ids as long as they are used, if no {@link addHolder holder} has them. */
  get lease(): Lease {
    return this.#lifetimes.lease
  }

  addHolder(holder: IdHolder): void {
    this.#lifetimes.addHolder(holder)
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.#keys.bytes + this.#lifetimes.bytes
  }

  /** Removes label sets that nobody uses any more. */
  *expireIdle(): Stepwise<void> {
    yield* this.#lifetimes.expire(IDLE_EPOCHS, () => false)
    yield* this.#keys.reclaim()
  }
}
