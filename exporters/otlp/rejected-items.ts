import type { Block, Context } from '../../sdk/plugin/index.ts'
import { REJECTED } from './transport.ts'

const WARN_INTERVAL_MS = 60_000

/** Items of requests that the backend took in part (`partial_success`): booked as dropped, and told. */
export class RejectedItems {
  readonly #context: Context
  readonly #items: { add(value: number): void }
  #warnedAt = Number.NEGATIVE_INFINITY

  constructor(context: Context) {
    this.#context = context
    this.#items = context.instruments.counter(
      'rejected_items_total',
      'Points and log records that the backend rejected of requests it took (partial_success).'
    )
  }

  /**
   * @param items so many of `block`; which, the backend does not say
   * @param message the backend's. Without items it is a warning
   */
  book(block: Block, items: number, message: string): void {
    if (items === 0 && message === '') return
    const { account, clock, log } = this.#context
    if (items > 0) {
      this.#items.add(items)
      // The sending queue books all of the block as sent.
      account.during(block, () => {
        account.sent -= items
        account.drop(REJECTED, items)
      })
    }
    const now = clock.now()
    if (now - this.#warnedAt < WARN_INTERVAL_MS) return
    this.#warnedAt = now
    log.warn({ items, answer: message }, 'the backend took a request only in part, or warns of it')
  }
}
