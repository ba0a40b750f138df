import type { IncomingHttpHeaders } from 'node:http'
import type { Block } from '../../model/block.ts'
import { ItemAttribute } from '../../model/item-attribute.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import type { Identity, Tenant, Tenants } from '../../plugin/access.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { TenantShares } from '../../telemetry/tenant-shares.ts'
import { TENANT_PATTERN } from '../access/config.ts'
import { RequestError, unavailable } from '../request-error.ts'
import type { TenantsConfig } from './config.ts'
import { ExportedItems } from './exported-items.ts'
import { ItemsTenant, type ItemsTenantHost, type NoTenant } from './items-tenant.ts'
import { MOST_TENANTS, type TenantCounter, type TenantMeters } from './meters.ts'
import { LimitedTenant, type TenantHost } from './tenant.ts'
import { TenantIds } from './tenant-ids.ts'

const NAME = new RegExp(TENANT_PATTERN)

/** Figures of one tenant, since the start. */
export interface TenantUsage {
  readonly tenant: string
  /** Points and events that were received. */
  readonly samples: number
  /** Of request bodies, after decompression. */
  readonly bytes: number
  /** Active ones. */
  readonly series: number
  /** Points and events that backends have, such as the counts of windows. Those of each exporter count. */
  readonly exported: number
  /** Samples that break a limit of the tenant, and were dropped. */
  readonly refused: number
  /** Requests that came while the tenant was over its rate. */
  readonly limited: number
}

/** `service.tenants`: finds the tenant of each request. */
export class ConfiguredTenants implements Tenants {
  /** Of the exporters of this process. */
  readonly exported: ExportedItems
  /** Whose the items of blocks of this process are. */
  readonly shares: TenantShares
  readonly #config: TenantsConfig
  readonly #meters: TenantMeters
  readonly #host: TenantHost
  readonly #tenants = new Map<string, LimitedTenant>()
  readonly #labelled = new WeakSet<Block>()
  /** Set if items may name their tenants. */
  readonly #items: ItemsTenantHost | undefined

  constructor(
    config: TenantsConfig,
    meters: TenantMeters,
    host: { readonly clock: Clock; readonly series: SeriesTable }
  ) {
    this.shares = new TenantShares(host.series)
    this.exported = new ExportedItems(this.shares)
    this.#config = config
    this.#meters = meters
    this.#host = {
      ...host,
      ids: new TenantIds(host.series),
      meters,
      overLimitStatus: config.over_limit_status,
      shares: this.shares,
      labelled: this.#labelled
    }
    if (config.attribute !== undefined)
      this.#items = {
        attribute: new ItemAttribute(config.attribute),
        maxBodySize: config.limits.max_body_size,
        labelled: this.#labelled,
        find: name => this.#find(name)
      }
    // Before senders name others: of those there may be as many as there is room for.
    const { default: usual, overrides } = config
    for (const name of [...(usual === undefined ? [] : [usual]), ...Object.keys(overrides)]) this.named(name)
  }

  withoutRequest(name: string | undefined = this.#config.default): Tenant | undefined {
    const own = name === undefined ? undefined : this.named(name)
    return this.#items === undefined ? own : new ItemsTenant(this.#items, own, false)
  }

  /** The tenant of this name. Throws `RequestError` if it cannot be one, or if there are too many. */
  named(name: string): LimitedTenant {
    const known = this.#tenants.get(name)
    if (known !== undefined) return known
    if (!NAME.test(name))
      throw new RequestError(400, `a tenant's name has at most 150 letters, digits and !-_.*'(), and is not . or ..`)
    if (this.#tenants.size === MOST_TENANTS) throw unavailable(`there are ${MOST_TENANTS} tenants already`)
    const limits = { ...this.#config.limits, ...this.#overridesOf(name) }
    const made = new LimitedTenant(name, limits, this.#host)
    this.#tenants.set(name, made)
    return made
  }

  of(identity: Identity | undefined, headers: IncomingHttpHeaders): Tenant {
    // An attribute cannot make a sender another tenant than its credentials do.
    if (this.#items === undefined || identity?.tenant !== undefined) return this.named(this.nameOf(identity, headers))
    const other = this.#saidIn(headers) ?? this.#config.default
    return new ItemsTenant(this.#items, other === undefined ? undefined : this.named(other), true)
  }

  nameOf(identity: Identity | undefined, headers: IncomingHttpHeaders): string {
    const { header, default: usual } = this.#config
    const said = this.#saidIn(headers)
    const proven = identity?.tenant
    if (proven !== undefined && said !== undefined && said !== proven)
      throw new RequestError(403, `these credentials are of another tenant than the header ${header} says`)
    const name = proven ?? said ?? usual
    if (name !== undefined) return name
    const hint = header === undefined ? 'use credentials of a tenant' : `name one in the header ${header}`
    throw new RequestError(401, `this request belongs to no tenant: ${hint}`)
  }

  isLabelled(block: Block): boolean {
    return this.#labelled.has(block)
  }

  get usage(): TenantUsage[] {
    const meters = this.#meters
    return [...meters.names].map(([slot, tenant]) => {
      const read = (counter: TenantCounter) => meters.read(slot, counter)
      return {
        tenant,
        samples: read('samples'),
        bytes: read('bytes'),
        series: meters.seriesOf(slot),
        exported: this.exported.of(tenant),
        refused: read('refused'),
        limited: read('limited')
      }
    })
  }

  expose(metrics: Metrics): void {
    const add = (name: Exclude<keyof TenantUsage, 'tenant'>, type: 'counter' | 'gauge', help: string) =>
      metrics.add({
        name: `weir_tenant_${name}${type === 'counter' ? '_total' : ''}`,
        type,
        help,
        read: () => this.usage.map(usage => ({ labels: { tenant: usage.tenant }, value: usage[name] }))
      })
    add('samples', 'counter', 'Points and events that a tenant has sent.')
    add('bytes', 'counter', 'Bytes of request bodies, after decompression.')
    add('series', 'gauge', 'Active series of a tenant.')
    add('exported', 'counter', 'Points and events of a tenant that backends have, such as the counts of windows.')
    add('refused', 'counter', 'Points and events that broke a limit of their tenant, and were dropped.')
    add('limited', 'counter', 'Requests refused because their tenant was over its rate.')
  }

  /** The tenant that the header names. */
  #saidIn(headers: IncomingHttpHeaders): string | undefined {
    const { header } = this.#config
    const value = header === undefined ? undefined : headers[header.toLowerCase()]
    return Array.isArray(value) ? value.join() : value
  }

  #find(name: string): LimitedTenant | NoTenant {
    const known = this.#tenants.get(name)
    if (known !== undefined) return known
    if (!NAME.test(name)) return 'bad_tenant_name'
    return this.#tenants.size === MOST_TENANTS ? 'too_many_tenants' : this.named(name)
  }

  #overridesOf(name: string) {
    const { overrides } = this.#config
    return Object.hasOwn(overrides, name) ? overrides[name] : {}
  }
}
