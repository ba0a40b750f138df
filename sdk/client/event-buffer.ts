import { type Attributes, keyValues } from './any-value.ts'
import { randomId } from './identity.ts'
import type { Sampling } from './options.ts'

/** Why something was left out. */
export type DropReason = 'rate_limit' | 'queue_full' | 'expired'

export interface EventLimits {
  readonly maxQueueBytes: number
  readonly maxEventsPerSecond: number
  readonly sampling: Readonly<Record<string, Sampling>>
}

/** Events that are not in a request yet, as OTLP's LogRecords in JSON. */
export class EventBuffer {
  characters = 0
  readonly #limits: EventLimits
  readonly #drop: (reason: DropReason) => void
  readonly #client = randomId()
  #number = 0
  #records: string[] = []
  #second = 0
  #inSecond = 0

  constructor(limits: EventLimits, drop: (reason: DropReason) => void) {
    this.#limits = limits
    this.#drop = drop
  }

  /** @param now Unix ms */
  add(name: string, attributes: Attributes | undefined, now: number): void {
    const { maxQueueBytes, sampling } = this.#limits
    const id = `${this.#client}-${(++this.#number).toString(36)}`
    const { probability = 1, attribute = '' } = sampling[name] ?? {}
    if (probability < 1 && hash(String(attributes?.[attribute] ?? id)) >= probability * 2 ** 32) return
    if (this.#isTooFast(now)) return this.#drop('rate_limit')
    const weight = probability < 1 ? 1 / probability : undefined
    const all = keyValues({ ...attributes, 'log.record.uid': id, 'event.value': weight })
    const record = `{"timeUnixNano":"${now}000000","eventName":${JSON.stringify(name)},"attributes":[${all}]}`
    // It would drive out all others.
    if (record.length > maxQueueBytes) return this.#drop('queue_full')
    this.#records.push(record)
    this.characters += record.length
    while (this.characters > maxQueueBytes) {
      this.characters -= this.#records.shift()!.length
      this.#drop('queue_full')
    }
  }

  /** Takes out the oldest, as many as fit into a request; one at least, if there is one. */
  take(maxCharacters: number): readonly string[] {
    let [taken, characters] = [0, 0]
    while (taken < this.#records.length && (taken === 0 || characters < maxCharacters))
      characters += this.#records[taken++].length
    this.characters -= characters
    return this.#records.splice(0, taken)
  }

  #isTooFast(now: number): boolean {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) this.#inSecond = 0
    this.#second = second
    return ++this.#inSecond > this.#limits.maxEventsPerSecond
  }
}

/** From 0 up to 2^32. The upper bits, which decide, depend on all of the text. */
function hash(text: string): number {
  let h = 0
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x9e3779b1)
  return h >>> 0
}
