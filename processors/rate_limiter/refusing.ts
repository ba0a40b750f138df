import { type Batch, type Context, type Explanation, Gate, type NamedSeries } from '../../sdk/plugin/index.ts'
import type { Bucket, Buckets } from './buckets.ts'
import { explainSeries } from './explain.ts'
import type { Keys } from './keys.ts'

/** Nacks a batch as a whole, without counting it, if a key in it has too few tokens. */
export class Refusing extends Gate {
  #keys: Keys
  #buckets: Buckets

  constructor(keys: Keys, buckets: Buckets, context: Context) {
    super(context)
    this.#keys = keys
    this.#buckets = buckets
  }

  protected override refusal(batch: Batch): string | undefined {
    return this.#takes(batch) ? undefined : 'is over its rate limit'
  }

  explain(series: NamedSeries): Explanation {
    return explainSeries(series, this.#keys, this.#buckets, {
      fate: 'passes',
      why: 'its batch goes back to its sender'
    })
  }

  snapshot(): Uint8Array {
    return this.#buckets.save()
  }

  restore(state: Uint8Array): void {
    this.#buckets.restore(state)
  }

  #takes({ block }: Batch): boolean {
    const before = new Map<Bucket, number>()
    for (let i = 0; i < block.length; i++) {
      const key = this.#keys.of(block, i)
      if (key === undefined) continue
      const bucket = this.#buckets.of(key)
      if (!before.has(bucket)) before.set(bucket, bucket.tokens)
      // Now, not at the end: a bucket that is full makes room for other keys.
      bucket.tokens--
    }
    if (this.#hadEnough(before)) return true
    for (const [bucket, tokens] of before) bucket.tokens = tokens
    return false
  }

  #hadEnough(before: ReadonlyMap<Bucket, number>): boolean {
    // More than a burst can only pass a bucket that is full, which then owes the rest: or it never could.
    for (const [{ tokens }, had] of before) if (tokens < 0 && had < this.#buckets.burst) return false
    return true
  }
}
