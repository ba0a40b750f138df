import type { Block, Explanation, NamedSeries, Origin } from '../../sdk/plugin/index.ts'
import type { InFlightBatch } from './in-flight-batches.ts'

/** Verdicts of a rule on an item. Those up to {@link NEW} let it through. */
export const NOT_IDENTIFIED = 0
/** Part of a request that is being let through. */
export const PART = 1
/** Not seen before, and remembered now. */
export const NEW = 2
export const DUPLICATE = 3
export const CONFLICT = 4
export const OLD_EPOCH = 5
export const TOO_OLD = 6

/** One mode of the processor: decides for each item if it is a duplicate. */
export interface DedupRule {
  /** Fingerprint of the item judged last. */
  readonly key: Uint32Array
  /**
   * Serial number of the bucket that has the last NEW item, for {@link remove}; 0 if the batch in flight takes it back.
   */
  readonly serial: number
  /** Most ms from the first item to its last DUPLICATE. */
  readonly lateness: number
  /** The reason in the ledger of a duplicate. */
  readonly duplicateReason: string
  begin(block: Block, inFlight: InFlightBatch, now: number): void
  judge(i: number): number
  /** Forgets the block: one that is kept keeps all series of its time. */
  end?(): void
  remove(keys: Uint32Array, at: number, serial: number): void
  /** The fate of the items of a series, of which single ones may be duplicates. */
  explain(series: NamedSeries): Explanation
  /** The block without attributes that only dedup needs. */
  dropAttributes?(block: Block): Block
  /** Entries and bytes remembered, and entries evicted before their time. */
  readonly size: number
  readonly bytes: number
  readonly evicted: number
  /** Anything that V8 can serialize. */
  save(): unknown
  restore(saved: unknown): void
}

/** The units of one request that were let through. */
export interface RequestUnits {
  readonly units: Set<string>
  /** A part was nacked: all of the request will come again, and none of it may be remembered. */
  isTakenBack: boolean
  /** Serial number of the bucket that remembers it, for the rule. */
  serial: number
}

/**
 * Requests with parts that were let through. Processors upstream may split a batch; its parts share their origin, and
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
