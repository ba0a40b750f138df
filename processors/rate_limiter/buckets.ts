import { matchBound } from '../../core/model/matching/bound.ts'
import { openState, sealState } from '../../core/model/saved-state.ts'
import { SERIES_MEMO_BYTES } from '../../core/model/series-memo.ts'
import type { Context } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'

const VERSION = 1
/** How often a place is looked for by going through all buckets. */
const EXPIRY_MS = 1000
/** A bucket, its key of up to 100 letters and its place in the map. */
const BYTES_PER_KEY = 400
/** Key of the bucket that keys beyond `max_keys` share. No key equals it: they are lengths and texts. */
const OTHERS = 'others'

/** The tokens of a key. */
export interface Bucket {
  /** Items; below 0 if a batch larger than the burst has passed. */
  tokens: number
  /** When `tokens` was so, Unix ms. */
  at: number
}

interface Saved {
  readonly buckets: ReadonlyMap<string, Bucket>
  readonly swept: number
}

/** Most bytes it will remember. */
export const memoryBound = ({ max_keys, match }: Config) =>
  max_keys * BYTES_PER_KEY + SERIES_MEMO_BYTES + matchBound(match)

/** A token bucket for each key. A full bucket is the same as a new one, so full buckets are evicted. */
export class Buckets {
  /** Items a second. */
  readonly rate: number
  readonly burst: number
  #ratePerMs: number
  #maxKeys: number
  #context: Context
  #buckets = new Map<string, Bucket>()
  /** Number of the second in which places were looked for last. */
  #lastExpiry = 0
  #shared: { add(items: number): void }

  constructor({ rate, burst, max_keys }: Config, context: Context) {
    this.rate = rate
    this.burst = burst === 0 ? Math.max(1, rate) : burst
    this.#ratePerMs = rate / 1000
    this.#maxKeys = max_keys
    this.#context = context
    const { instruments } = context
    instruments.gauge('keys', 'Keys that have used some of their limit.', () => this.#buckets.size)
    this.#shared = instruments.counter('shared_items_total', 'Items of keys beyond max_keys, which share one limit.')
  }

  /** The bucket of `key`, filled up to now. */
  of(key: string): Bucket {
    const now = this.#context.clock.now()
    const bucket = this.#buckets.get(key) ?? this.#insert(key, now)
    bucket.tokens = this.#tokensAt(bucket, now)
    // A clock that was set back adds no tokens at once, and goes on from its new time. Else a key would get none until
    // the clock had caught up.
    bucket.at = now
    return bucket
  }

  /** The tokens that `key` has now. Nothing is taken or remembered. */
  tokensOf(key: string): number {
    const known = this.#buckets.get(key)
    const isNew = known === undefined && this.#buckets.size < this.#maxKeys
    const bucket = known ?? (isNew ? undefined : this.#buckets.get(OTHERS))
    return bucket === undefined ? this.burst : this.#tokensAt(bucket, this.#context.clock.now())
  }

  save(): Uint8Array {
    const saved: Saved = { buckets: this.#buckets, swept: this.#lastExpiry }
    return sealState(VERSION, saved)
  }

  restore(bytes: Uint8Array): void {
    const saved = openState(VERSION, bytes) as Saved
    this.#buckets = new Map(saved.buckets)
    this.#lastExpiry = saved.swept
    for (const bucket of this.#buckets.values()) bucket.tokens = Math.min(bucket.tokens, this.burst)
  }

  #insert(key: string, now: number): Bucket {
    if (this.#buckets.size >= this.#maxKeys && key !== OTHERS) {
      this.#expireIdle(now)
      if (this.#buckets.size >= this.#maxKeys) {
        this.#shared.add(1)
        return this.of(OTHERS)
      }
    }
    const bucket = { tokens: this.burst, at: now }
    this.#buckets.set(key, bucket)
    return bucket
  }

  #expireIdle(now: number): void {
    const second = Math.floor(now / EXPIRY_MS)
    if (second === this.#lastExpiry) return
    this.#lastExpiry = second
    for (const [key, bucket] of this.#buckets) if (this.#tokensAt(bucket, now) === this.burst) this.#buckets.delete(key)
  }

  #tokensAt({ tokens, at }: Bucket, now: number): number {
    return Math.min(this.burst, tokens + Math.max(0, now - at) * this.#ratePerMs)
  }
}
