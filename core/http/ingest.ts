import type { Observable } from 'rxjs'
import type { Batch, Origin, Outcome } from '../batch/batch.ts'
import type { Permit } from '../batch/credits.ts'
import { ACKED } from '../batch/settlement.ts'
import { describeError, WeirError } from '../errors.ts'
import { type Block, blockBytes } from '../model/block.ts'
import type { Tenant, TenantBlock } from '../plugin/access.ts'
import type { Context } from '../plugin/context.ts'
import { Subject } from '../rxjs.ts'
import { BESIDE_BODY, giveBackIfAlone } from '../wire/own-memory.ts'
import { noCredits, tooMuchMemory } from './body-budget.ts'
import { RequestError, unavailable } from './request-error.ts'
import { requestHash } from './request-hash.ts'
import { bookRefused } from './tenants/refused.ts'

/** The result for a block that was not nacked. */
export interface Delivery {
  /** Items given up on further down. */
  readonly dropped: number
  /** The reason of the drops; empty if there were none. */
  readonly reason: string
}

/** Without tenants. */
const OF_NOBODY: Omit<TenantBlock, 'block'> = {
  refused: new Map(),
  bookRefused() {},
  spend() {},
  giveBack() {},
  count() {}
}

/** Each branch counts its own drops. */
function deliveryOf(drops: readonly (readonly [reason: string, items: number])[]): Delivery {
  return {
    dropped: drops.reduce((sum, [, items]) => sum + items, 0),
    reason: drops.map(([reason]) => reason).join(', ')
  }
}

/** Makes batches of requests, and waits for their outcomes. */
export class HttpIngest {
  readonly #context: Context
  readonly #batches = new Subject<Batch>()
  #open = true

  constructor(context: Context) {
    this.#context = context
  }

  get batches$(): Observable<Batch> {
    return this.#batches
  }

  /**
   * Owns `permit` from here on. Throws {@link RequestError}: 503 if the sender should send `block` again, 413 if that
   * would never do, 404 if no pipeline takes such items.
   *
   * @param besides memory that came with the block, such as series that nobody knew, in bytes
   * @param tenant of its items, if data belongs to tenants
   */
  async deliver(
    block: Block,
    permit: Permit,
    request?: Origin['request'],
    besides = 0,
    tenant?: Tenant
  ): Promise<Delivery> {
    const bytes = permit.bytes
    const refusal = this.#open
      ? this.#payFor(blockBytes(block) + besides, permit)
      : unavailable('this server is stopping: send this again')
    if (refusal !== undefined) {
      permit.release()
      throw refusal
    }
    const labelled = this.#label(block, permit, tenant)
    const { length } = labelled.block
    labelled.spend()
    const outcome = length > 0 ? await this.#settled(labelled.block, permit, request) : ACKED
    if (length === 0) permit.release()
    if (outcome.status === 'nacked') {
      labelled.giveBack()
      throw refusalOf(outcome.error)
    }
    const later: [string, number][] =
      outcome.status === 'dropped' ? [[outcome.reason, Math.min(outcome.items, length)]] : []
    // Only now: had the request been nacked, they would come, and count, again.
    labelled.count(bytes)
    labelled.bookRefused(this.#context.account)
    return deliveryOf([...labelled.refused, ...later])
  }

  /** `hash`, the name of a request by its bytes, if a processor asked for such names. */
  byBytes(hash: () => string): Origin['request'] {
    return this.#context.requestsWanted.has('bytes') ? hash : undefined
  }

  /** The same for a body that was decoded, and is empty from now on if nobody asked. */
  byBytesOf(body: Buffer): Origin['request'] {
    const name = this.byBytes(requestHash(body))
    if (name === undefined) giveBackIfAlone(body, BESIDE_BODY)
    return name
  }

  #label(block: Block, permit: Permit, tenant: Tenant | undefined): TenantBlock {
    if (tenant === undefined) return { block, ...OF_NOBODY }
    try {
      return tenant.label(block)
    } catch (error) {
      permit.release()
      throw error
    }
  }

  #settled(block: Block, permit: Permit, request: Origin['request']): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    this.#batches.next(this.#context.batch(block, permit, resolve, request))
    return promise
  }

  /** Books items of a request that never became part of a block. */
  reject(reason: string, items: number, tenant?: Tenant): void {
    if (items > 0) bookRefused(this.#context.account, tenant?.name ?? '', [[reason, items]])
  }

  /** Takes nothing any more and completes `batches$`. */
  close(): void {
    this.#open = false
    this.#batches.complete()
  }

  /** The body paid for itself; the block decoded from it may be larger. */
  #payFor(cost: number, permit: Permit): RequestError | undefined {
    const { capacity } = this.#context.credits
    if (cost > Math.max(capacity, permit.bytes)) return tooMuchMemory(cost, capacity)
    return cost <= permit.bytes || permit.tryGrow(cost - permit.bytes) ? undefined : noCredits()
  }
}

function refusalOf(error: Error): RequestError {
  if (WeirError.is(error) && error.code === 'NO_PIPELINE') return new RequestError(404, error.message)
  return unavailable(`not taken: ${describeError(error)}`)
}
