import { type Attributes, withAttributes } from '../../model/attributes.ts'
import type { Block } from '../../model/block.ts'
import type { EventBlock } from '../../model/events.ts'
import { type ItemLimits, measureAttributes } from '../../model/item-limits.ts'
import { select } from '../../model/select.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import { looksLikeTenant, TENANT } from '../../model/tenant.ts'
import type { Tenant, TenantBlock } from '../../plugin/access.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { TenantShares } from '../../telemetry/tenant-shares.ts'
import { RequestError } from '../request-error.ts'
import type { TenantLimits } from './config.ts'
import type { TenantMeters } from './meters.ts'
import { bookRefused } from './refused.ts'
import type { TenantIds } from './tenant-ids.ts'
import { TenantSeries } from './tenant-series.ts'

const US_PER_MS = 1000
const US_PER_S = 1e6
/** SDKs give up if they are told to wait for as long as they would in all, 10 s. */
const LONGEST_RETRY_S = 9

export interface TenantHost {
  readonly clock: Clock
  readonly series: SeriesTable
  readonly ids: TenantIds
  readonly meters: TenantMeters
  readonly overLimitStatus: number
  readonly shares: TenantShares
  /** Blocks that were labelled. */
  readonly labelled: WeakSet<Block>
}

/** A tenant with limits, in one thread. Its rate is that of all threads. */
export class LimitedTenant implements Tenant {
  readonly name: string
  readonly #limits: TenantLimits
  readonly #itemLimits: ItemLimits
  readonly #host: TenantHost
  readonly #series: TenantSeries
  readonly #slot: number
  readonly #attribute: Attributes

  constructor(name: string, limits: TenantLimits, host: TenantHost) {
    this.name = name
    this.#limits = limits
    this.#host = host
    this.#itemLimits = { ...limits, max_identity_length: Number.POSITIVE_INFINITY }
    this.#slot = host.meters.slotOf(name)
    this.#series = new TenantSeries({ name, slot: this.#slot }, this.#itemLimits, limits.max_series, host)
    this.#attribute = [[TENANT, name]]
  }

  get maxBodySize(): number {
    return this.#limits.max_body_size
  }

  admit(): void {
    const { clock, meters, overLimitStatus } = this.#host
    const { samples_per_second: rate, burst } = this.#limits
    if (rate === 0) return
    const nowUs = clock.now() * US_PER_MS
    const aheadUs = meters.arrive(this.#slot, nowUs, 0) - nowUs - (burst / rate) * US_PER_S
    if (aheadUs <= 0) return
    meters.add(this.#slot, 'limited', 1)
    const wait = Math.min(LONGEST_RETRY_S, Math.ceil(aheadUs / US_PER_S))
    throw new RequestError(
      overLimitStatus,
      `tenant ${this.name} sends more than ${rate} samples a second: send this again in ${wait} s`,
      { 'retry-after': String(wait) }
    )
  }

  decode<T>(work: () => T): T {
    const { series } = this.#host
    series.mayGrow = this.#series.hasRoom
    try {
      return work()
    } finally {
      series.mayGrow = true
    }
  }

  label(block: Block): TenantBlock {
    const refused = new Map<string, number>()
    const refuse = (reason: string) => refused.set(reason, (refused.get(reason) ?? 0) + 1)
    const present = this.#withoutFuture(block, refuse)
    const named = present.type === 'points' ? this.#series.label(present, refuse) : this.#labelEvents(present, refuse)
    this.#host.meters.setSeries(this.#slot, this.#series.size)
    this.#host.labelled.add(named)
    this.#host.shares.assign(named, this.name)
    const { length } = named
    return {
      block: named,
      refused,
      bookRefused: account => bookRefused(account, this.name, refused),
      spend: () => this.spend(length),
      giveBack: () => this.spend(-length),
      count: bytes => this.count(length, bytes, refused)
    }
  }

  /** Takes items from its rate; less than 0 gives them back. */
  spend(items: number): void {
    const { clock, meters } = this.#host
    const rate = this.#limits.samples_per_second
    if (rate > 0) meters.arrive(this.#slot, clock.now() * US_PER_MS, (items / rate) * US_PER_S)
  }

  count(items: number, bytes: number, refused: TenantBlock['refused']): void {
    const { meters } = this.#host
    meters.add(this.#slot, 'samples', items)
    meters.add(this.#slot, 'bytes', Math.round(bytes))
    for (const own of refused.values()) meters.add(this.#slot, 'refused', own)
  }

  #withoutFuture(block: Block, refuse: (reason: string) => void): Block {
    const latest = this.#host.clock.now() + this.#limits.max_future
    const { time, length } = block
    let late = 0
    for (let i = 0; i < length; i++) if (time[i] > latest) late++
    if (late === 0) return block
    const kept = new Int32Array(length - late)
    for (let i = 0, at = 0; i < length; i++) {
      if (!(time[i] > latest)) kept[at++] = i
      else refuse('too_far_in_future')
    }
    return select(block, kept)
  }

  #labelEvents(block: EventBlock, refuse: (reason: string) => void): EventBlock {
    const attributes: Attributes[] = []
    const kept: number[] = []
    for (const [i, own] of block.attributes.entries()) {
      if (typeof measureAttributes(own, this.#itemLimits) === 'string') refuse('tenant_attribute_limit')
      else kept.push(i)
      const honest = own.some(([key]) => looksLikeTenant(key)) ? own.filter(([key]) => !looksLikeTenant(key)) : own
      attributes.push(withAttributes(honest, this.#attribute))
    }
    const named = { ...block, attributes }
    return kept.length === block.length ? named : (select(named, Int32Array.from(kept)) as EventBlock)
  }
}
