import { noCredits, tooMuchMemory } from '../../core/http/body-budget.ts'
import { RequestError } from '../../core/http/request-error.ts'
import { select } from '../../core/model/select.ts'
import { type Block, blockBytes, type Context, type Permit, type Tenant } from '../../sdk/plugin/index.ts'
import type { ReadEvents } from './collector.ts'

/** Keeps events that do not fit their schemas as dead letters, if there are any, for a replay with mended schemas. */
export class UnfitEventStore {
  readonly #context: Context
  readonly #kept: { add(value: number): void }

  constructor(context: Context) {
    this.#context = context
    this.#kept = context.instruments.counter(
      'set_aside_events_total',
      'Events that did not fit their schemas and are kept as dead letters.'
    )
  }

  /**
   * A part of the request's permit, for the time until they are kept. Throws `RequestError`: 503 without credits, 413 if
   * there can never be so many.
   */
  pay({ block, unfit }: ReadEvents, permit: Permit): Permit {
    const { capacity } = this.#context.credits
    const bytes = unfit.reduce((sum, { block }) => sum + blockBytes(block), 0)
    const all = bytes + blockBytes(block)
    if (all > Math.max(capacity, permit.bytes)) throw tooMuchMemory(all, capacity)
    if (bytes > permit.bytes && !permit.tryGrow(bytes - permit.bytes)) throw noCredits()
    return permit.split(bytes)
  }

  /**
   * Resolves to the number that are on disk.
   * @param hash of the request
   */
  async keep({ unfit }: ReadEvents, hash: () => string, tenant: Tenant | undefined): Promise<number> {
    let kept = 0
    for (const { block, refusal } of unfit) {
      const own = tenant === undefined ? block : ofTenant(tenant, block)
      // Not the request of the events that fit: these are no second sending of those.
      const request = () => `${hash()} ${refusal.reason}`
      if (own.length > 0 && (await this.#context.setAside(own, refusal, request))) kept += own.length
    }
    this.#kept.add(kept)
    return kept
  }
}

/** None of them if their tenants send more than they may: the events of the request that fit have been taken. */
function ofTenant(tenant: Tenant, block: Block): Block {
  try {
    const { block: own, spend } = tenant.label(block)
    spend()
    return own
  } catch (error) {
    if (error instanceof RequestError) return select(block, new Int32Array(0))
    throw error
  }
}
