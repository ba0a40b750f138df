import type { EventBlock } from '../model/events.ts'
import type { Tenant } from '../plugin/access.ts'
import type { Context } from '../plugin/context.ts'
import type { HttpIngest } from './ingest.ts'
import { RequestError } from './request-error.ts'

/** A reload may bring a pipeline for exemplars, so it is tried so often, ms. */
const TRY_AGAIN_MS = 60_000

/**
 * Delivers exemplars as events, after their points, which must not be sent again for their sake. Exemplars that nobody has
 * room for, or a pipeline for, are left out.
 */
export class ExemplarIngest {
  readonly #context: Context
  readonly #ingest: HttpIngest
  readonly #received: { add(value: number): void }
  readonly #written: { add(value: number): void }
  /** Until then exemplars are left out, because no pipeline took them. */
  #noneUntil = 0

  constructor(context: Context, ingest: HttpIngest) {
    const { instruments } = context
    this.#context = context
    this.#ingest = ingest
    this.#received = instruments.counter('exemplars_total', 'Exemplars received.')
    this.#written = instruments.counter('written_exemplars_total', 'Exemplars that a pipeline took as events.')
  }

  /** False while no pipeline takes them. */
  get isOpen(): boolean {
    return this.#context.clock.now() >= this.#noneUntil
  }

  /**
   * Returns how many a pipeline took.
   * @param count of those received
   */
  async deliver(count: number, events: EventBlock, tenant: Tenant | undefined): Promise<number> {
    if (count === 0) return 0
    this.#received.add(count)
    const { clock, credits } = this.#context
    const permit = events.length > 0 && this.isOpen ? credits.tryTake(0) : undefined
    if (permit === undefined) return 0
    try {
      const { dropped } = await this.#ingest.deliver(events, permit, undefined, 0, tenant)
      this.#written.add(events.length - dropped)
      return events.length - dropped
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      if (error.status === 404) this.#noneUntil = clock.now() + TRY_AGAIN_MS
      return 0
    }
  }
}
