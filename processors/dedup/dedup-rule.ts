import type { Block, Origin } from '../../sdk/plugin/index.ts'
import type { InFlightBatch } from './in-flight-batches.ts'

/** What a rule says of an item. The verdicts up to {@link NEW} let it through. */
export const NOT_IDENTIFIED = 0
/** Part of a request that is being let through. */
export const PART = 1
/** Not seen before, and remembered now. */
export const NEW = 2
export const DUPLICATE = 3
export const CONFLICT = 4
export const OLD_EPOCH = 5
export const TOO_OLD = 6

/** Decides what is a duplicate, item by item. One mode of the processor. */
export interface DedupRule {
  /** Fingerprint of what was judged last. */
  readonly key: Uint32Array
  /** Of what was judged NEW last: which part of memory has it, for {@link forget}; 0 where the batch in flight takes it back. */
  readonly serial: number
  /** Of what was judged DUPLICATE last: how long after the first it came, ms; at most. */
  readonly lateness: number
  /** The reason in the ledger of a duplicate. */
  readonly duplicateReason: string
  begin(block: Block, inFlight: InFlightBatch, now: number): void
  judge(i: number): number
  forget(keys: Uint32Array, at: number, serial: number): void
  /** What goes on of a block: without what only dedup needs. */
  dropAttributes?(block: Block): Block
  /** Entries and bytes remembered, and entries forgotten before their time. */
  readonly size: number
  readonly bytes: number
  readonly evicted: number
  /** Anything that V8 can serialize. */
  save(): unknown
  restore(saved: unknown): void
}

/** What of one request was let through. */
export interface RequestUnits {
  readonly units: Set<string>
  /** Somebody could not take a part: all of the request will come again, and nothing of it may be remembered. */
  isTakenBack: boolean
  /** Where it is remembered, for the rule. */
  serial: number
}

/**
 * Requests of which parts were let through. Processors upstream may split a batch; the parts share their origin, and
 * are no duplicates of each other.
 */
export class SeenUnits {
  #of = new WeakMap<Origin, RequestUnits>()

  begin(origin: Origin): RequestUnits {
    const known = this.#of.get(origin)
    if (known !== undefined) return known
    const seen = { units: new Set<string>(), isTakenBack: false, serial: 0 }
    this.#of.set(origin, seen)
    return seen
  }
}
