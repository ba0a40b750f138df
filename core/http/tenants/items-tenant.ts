import type { Block } from '../../model/block.ts'
import type { ItemAttribute } from '../../model/item-attribute.ts'
import { joinBlocks } from '../../model/join.ts'
import { select } from '../../model/select.ts'
import type { Tenant, TenantBlock } from '../../plugin/access.ts'
import { RequestError } from '../request-error.ts'
import { bookRefused } from './refused.ts'
import type { LimitedTenant } from './tenant.ts'

/** Why an item has no tenant. */
export type NoTenant = 'no_tenant' | 'bad_tenant_name' | 'too_many_tenants'

export interface ItemsTenantHost {
  readonly attribute: ItemAttribute
  /** Bytes of a body: whose it is can only be told once it is read. */
  readonly maxBodySize: number
  /** Blocks that were labelled. */
  readonly labelled: WeakSet<Block>
  find(name: string): LimitedTenant | NoTenant
}

/**
 * The tenants of items that name them by an attribute. Its limits are those of each. A request that brings items of several
 * tenants is not refused for one that is over its rate: the items of that one are dropped.
 */
export class ItemsTenant implements Tenant {
  readonly #host: ItemsTenantHost
  readonly #other: LimitedTenant | undefined
  readonly #hasRates: boolean

  /**
   * @param other of items that name none
   * @param hasRates whether the sender can be told to come again
   */
  constructor(host: ItemsTenantHost, other: LimitedTenant | undefined, hasRates: boolean) {
    this.#host = host
    this.#other = other
    this.#hasRates = hasRates
  }

  get name(): string {
    return this.#other?.name ?? ''
  }

  get maxBodySize(): number {
    return this.#host.maxBodySize
  }

  /** Nobody knows yet whose items there are. */
  admit(): void {}

  decode<T>(work: () => T): T {
    return work()
  }

  /** Throws `RequestError` if all of its tenants are over their rates. */
  label(block: Block): TenantBlock {
    const refused = new Map<string, number>()
    const own: Refusal[] = []
    const refuse: Refuse = (tenant, reason, items) => {
      own.push({ tenant, reason, items })
      refused.set(reason, (refused.get(reason) ?? 0) + items)
    }
    const parts = this.#withinRates(this.#partsOf(block, refuse), refuse)
    const labelled = parts.map(({ tenant, indexes }) =>
      tenant.label(indexes.length === block.length ? block : select(block, Int32Array.from(indexes)))
    )
    for (const part of labelled)
      for (const [reason, items] of part.refused) refused.set(reason, (refused.get(reason) ?? 0) + items)
    const whole =
      labelled.length === 0 ? select(block, new Int32Array(0)) : joinBlocks(labelled.map(part => part.block))
    this.#host.labelled.add(whole)
    return {
      block: whole,
      refused,
      bookRefused(account) {
        for (const part of labelled) part.bookRefused(account)
        for (const { tenant, reason, items } of own) bookRefused(account, tenant, [[reason, items]])
      },
      spend() {
        for (const part of labelled) part.spend()
      },
      giveBack() {
        for (const part of labelled) part.giveBack()
      },
      count(bytes) {
        for (const part of labelled) part.count((bytes * part.block.length) / Math.max(1, whole.length))
      }
    }
  }

  #partsOf(block: Block, refuse: Refuse): Part[] {
    const indexes = new Map<string, number[]>()
    let name: string | undefined
    let last: number[] = []
    for (let i = 0; i < block.length; i++) {
      const own = this.#host.attribute.read(block, i)
      if (own !== name) {
        name = own
        last = indexes.get(own) ?? []
        indexes.set(own, last)
      }
      last.push(i)
    }
    const parts = new Map<LimitedTenant, Part>()
    for (const [name, own] of indexes) {
      const tenant = name === '' ? (this.#other ?? 'no_tenant') : this.#host.find(name)
      if (typeof tenant === 'string') refuse('', tenant, own.length)
      // Items that name the tenant of those that name none.
      else parts.set(tenant, { tenant, indexes: inOrder(parts.get(tenant)?.indexes, own) })
    }
    return [...parts.values()]
  }

  #withinRates(parts: readonly Part[], refuse: Refuse): readonly Part[] {
    if (!this.#hasRates) return parts
    const errors = parts.map(({ tenant }) => rateErrorOf(tenant))
    const isWithin = (_: unknown, i: number) => errors[i] === undefined
    if (parts.length > 0 && !parts.some(isWithin)) throw errors[0]
    for (const [i, { tenant, indexes }] of parts.entries())
      if (errors[i] !== undefined) refuse(tenant.name, 'tenant_rate_limit', indexes.length)
    return parts.filter(isWithin)
  }
}

/** Items that are left out. The tenant is empty if they have none. */
interface Refusal {
  readonly tenant: string
  readonly reason: string
  readonly items: number
}

type Refuse = (tenant: string, reason: string, items: number) => void

interface Part {
  readonly tenant: LimitedTenant
  readonly indexes: readonly number[]
}

const inOrder = (some: readonly number[] | undefined, more: readonly number[]) =>
  some === undefined ? more : [...some, ...more].sort((a, b) => a - b)

function rateErrorOf(tenant: LimitedTenant): RequestError | undefined {
  try {
    tenant.admit()
    return undefined
  } catch (error) {
    if (error instanceof RequestError) return error
    throw error
  }
}
