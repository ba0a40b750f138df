import { Selection } from '../../core/model/select.ts'
import type { Block, Context, Explanation, MapProcessor, NamedSeries } from '../../sdk/plugin/index.ts'
import type { Buckets } from './buckets.ts'
import { explainSeries } from './explain.ts'
import type { Keys } from './keys.ts'

/** Drops items for which their key has no token left, as `rate_limited`. */
export class Dropping implements MapProcessor {
  #keys: Keys
  #buckets: Buckets
  #context: Context
  #selection = new Selection()

  constructor(keys: Keys, buckets: Buckets, context: Context) {
    this.#keys = keys
    this.#buckets = buckets
    this.#context = context
  }

  process(block: Block): Block {
    const selection = this.#selection
    selection.begin(block.length)
    for (let i = 0; i < block.length; i++) {
      const key = this.#keys.of(block, i)
      if (key === undefined || this.#takesOne(key)) selection.add(i)
    }
    const left = block.length - selection.length
    if (left > 0) this.#context.account.drop('rate_limited', left)
    return selection.of(block)
  }

  explain(series: NamedSeries): Explanation {
    return explainSeries(series, this.#keys, this.#buckets, { fate: 'dropped', why: 'rate_limited' })
  }

  snapshot(): Uint8Array {
    return this.#buckets.save()
  }

  restore(state: Uint8Array): void {
    this.#buckets.restore(state)
  }

  #takesOne(key: string): boolean {
    const bucket = this.#buckets.of(key)
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }
}
