import {
  type Attribute,
  type Attributes,
  NO_RESOURCE,
  NO_SCOPE,
  type Resource,
  type Series,
  type SeriesTable,
  sortAttributes
} from '../../sdk/plugin/index.ts'
import type { Admission } from './admission.ts'
import type { Config } from './config.ts'
import type { Folding } from './folding.ts'
import type { Refs } from './refs.ts'
import type { MetricState, Ref } from './state.ts'

/** OpenTelemetry's name for it: https://opentelemetry.io/docs/specs/otel/metrics/sdk/#overflow-attribute */
export const OVERFLOW: Attribute = ['otel.metric.overflow', 'true']
/** Every so many points over a limit, the label with most values is looked for again; at first more often. */
const POINTS_PER_LOOK = 4096

/** The series to which points over a limit are added. */
export class Targets {
  #config: Config
  #series: SeriesTable
  #admission: Admission
  #refs: Refs
  /** By metric, then by tenant. */
  #overflow = new Map<MetricState, Map<string, Series>>()
  /** By key: series that lost a label. */
  #stripped = new Map<string, Series>()
  #resources = new Map<string, Resource>()

  constructor(config: Config, series: SeriesTable, admission: Admission, refs: Refs) {
    this.#config = config
    this.#series = series
    this.#admission = admission
    this.#refs = refs
  }

  of(ref: Ref, metric: MetricState, series: Series, now: number): Series {
    const stripped = metric.limits.action === 'drop_label' ? this.#withoutLabels(ref, metric, series, now) : undefined
    return stripped ?? this.#overflowOf(metric, ref.tenant!.name)
  }

  /** A series lost its place; if others were folded into it, that total ends. */
  evict(key: string, folding: Folding): void {
    const series = this.#stripped.get(key)
    if (series === undefined) return
    this.#stripped.delete(key)
    folding.totals.delete(series)
  }

  /** Removes metrics and tenants that have been evicted. */
  expire(folding: Folding): void {
    for (const [metric, byTenant] of this.#overflow) {
      for (const [tenant, series] of byTenant) {
        if (!metric.isEvicted && this.#admission.tenants.has(tenant)) continue
        folding.totals.delete(series)
        byTenant.delete(tenant)
      }
      if (metric.isEvicted) this.#overflow.delete(metric)
    }
    this.#resources.clear()
  }

  save(): { overflow: [string, string][]; stripped: [string, Series][] } {
    const overflow = [...this.#overflow].flatMap(([{ key }, byTenant]) =>
      [...byTenant.keys()].map((tenant): [string, string] => [key, tenant])
    )
    return { overflow, stripped: [...this.#stripped] }
  }

  restore(overflow: readonly (readonly [string, string])[], stripped: readonly (readonly [string, Series])[]): void {
    for (const [key, tenant] of overflow) this.#overflowOf(this.#admission.metrics.get(key)!, tenant)
    this.#stripped = new Map(stripped)
  }

  /** The series without labels, those with most values first, until it has a place; undefined if it gets none. */
  #withoutLabels(ref: Ref, metric: MetricState, series: Series, now: number): Series | undefined {
    if (metric.labels.length === 0 || isTimeToLook(metric.over))
      metric.labels = metric.demand.labels().map(({ name }) => name)
    let left: Attributes = series.attributes
    for (const label of metric.labels) {
      const fewer: Attributes = left.filter(([name]) => name !== label)
      if (fewer.length === left.length) continue
      left = fewer
      if (left.length === 0) return undefined
      const target = this.#series.intern(
        series.metric,
        sortAttributes([...left, OVERFLOW]),
        series.resource,
        series.scope
      )
      const entry = this.#admission.ask(this.#refs.made(target, ref), target, now, true)
      if (entry === undefined) continue
      entry.lastSeen = now
      entry.count++
      this.#stripped.set(entry.key, target)
      return target
    }
    return undefined
  }

  #overflowOf(metric: MetricState, tenant: string): Series {
    let byTenant = this.#overflow.get(metric)
    if (byTenant === undefined) this.#overflow.set(metric, (byTenant = new Map()))
    const known = byTenant.get(tenant)
    if (known !== undefined) return known
    const series = this.#series.intern(metric.metric, [OVERFLOW], this.#resourceOf(tenant), NO_SCOPE)
    byTenant.set(tenant, series)
    return series
  }

  #resourceOf(tenant: string): Resource {
    if (tenant === '') return NO_RESOURCE
    const known = this.#resources.get(tenant)
    if (known !== undefined) return known
    const resource = { attributes: [[this.#config.tenant_attribute, tenant] as const], schemaUrl: '' }
    this.#resources.set(tenant, resource)
    return resource
  }
}

const isTimeToLook = (over: number) => over % POINTS_PER_LOOK === 0 || (over & (over - 1)) === 0
