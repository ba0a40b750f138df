import { type Attributes, keyValues } from './any-value.ts'
import { randomId } from './identity.ts'
import type { Sampling } from './options.ts'

/** Dropped events leave their places empty; these are closed once there are so many. */
const EMPTY_PLACES = 1024

/** Why events or members were left out. */
export type DropReason = 'rate_limit' | 'queue_full' | 'expired' | 'too_many_names'

export interface EventLimits {
  readonly maxBytes: number
  readonly maxEventsPerSecond: number
  readonly sampling: Readonly<Record<string, Sampling>>
}

/** Events that are not in a request yet, as OTLP's LogRecords in JSON. */
export class EventBuffer {
  characters = 0
  readonly #limits: EventLimits
  readonly #dropped: (reason: DropReason) => void
  readonly #client = randomId()
  #number = 0
  #records: string[] = []
  #first = 0
  #second = 0
  #inSecond = 0

  constructor(limits: EventLimits, dropped: (reason: DropReason) => void) {
    this.#limits = limits
    this.#dropped = dropped
  }

  /** @param now Unix ms */
  add(name: string, attributes: Attributes | undefined, now: number): void {
    const id = `${this.#client}-${(++this.#number).toString(36)}`
    const sampling = Object.hasOwn(this.#limits.sampling, name) ? this.#limits.sampling[name] : undefined
    const { probability = 1, attribute = '' } = sampling ?? {}
    if (probability < 1 && hash(String(attributes?.[attribute] ?? id)) >= probability * 2 ** 32) return
    if (this.#isTooFast(now)) return this.#dropped('rate_limit')
    const own = keyValues({
      ...attributes,
      'log.record.uid': id,
      ...(probability < 1 && { 'event.value': 1 / probability })
    })
    const time = `"timeUnixNano":"${now}000000"`
    const record = `{${time},"eventName":${JSON.stringify(name)},"attributes":[${own}]}`
    this.#records.push(record)
    this.characters += record.length
    while (this.characters > this.#limits.maxBytes) this.#dropOldest()
  }

  /** Takes out the oldest, as many as fit into a request; one at least. Empty if there are none. */
  take(maxCharacters: number): readonly string[] {
    let to = this.#first
    let characters = 0
    while (to < this.#records.length && (to === this.#first || characters + this.#records[to].length <= maxCharacters))
      characters += this.#records[to++].length + 1
    const records = this.#records.slice(this.#first, to)
    this.characters -= characters - records.length
    this.#records = this.#records.slice(to)
    this.#first = 0
    return records
  }

  #isTooFast(now: number): boolean {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) this.#inSecond = 0
    this.#second = second
    return ++this.#inSecond > this.#limits.maxEventsPerSecond
  }

  #dropOldest(): void {
    this.characters -= this.#records[this.#first].length
    this.#records[this.#first++] = ''
    if (this.#first > EMPTY_PLACES && this.#first * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#first)
      this.#first = 0
    }
    this.#dropped('queue_full')
  }
}

/** FNV-1a with a last mixing, from 0 up to 2^32. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
