import { type Attributes, attributeText, findAttribute, type Metric, type Series } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { Demand } from './demand.ts'
import { limitsFor } from './limits.ts'
import { SpaceSaving } from './space-saving.ts'
import type { Limits, MetricState, Ref, Tenant, TrackedSeries } from './state.ts'

/** Tenants beyond so many share one budget. */
const MOST_TENANTS = 1000
/** Most metrics with profiles of their labels. */
const MOST_PROFILES = 200
/** With drop_label: the share of a metric's places kept for series that have lost a label. */
const QUOTA_FOR_STRIPPED = 0.1
const LONGEST_VALUE = 64

export const LIMITS_OF_STATE = { tenants: MOST_TENANTS, profiles: MOST_PROFILES }

/** Facts about a metric, computed once. */
interface Described {
  readonly key: string
  readonly limits: Limits
}

/** Decides which series pass: there are so many places, and tracked series have them. */
export class Admission {
  readonly metrics = new Map<string, MetricState>()
  readonly tenants = new Map<string, Tenant>()
  /** Series that have no place, by how often they come. */
  readonly candidates: SpaceSaving<MetricState>
  readonly maxTotal: number
  total = 0
  /** Number of expiry runs so far. */
  expiryRuns = 0
  #config: Config
  #profiles = 0
  #described = new WeakMap<Metric, Described>()

  constructor(config: Config) {
    this.#config = config
    this.maxTotal = config.max_series_total
    this.candidates = new SpaceSaving(config.max_series_total)
  }

  /** Undefined if there are too many metrics. */
  metricOf(metric: Metric): MetricState | undefined {
    const known = this.metrics.get(this.#describe(metric).key)
    if (known !== undefined) return known
    return this.metrics.size < this.#config.max_metrics ? this.addMetric(metric) : undefined
  }

  /** True if points of `metric` pass whatever the limits are, even if there are too many metrics. */
  isObserved(metric: Metric): boolean {
    return this.#describe(metric).limits.action === 'observe'
  }

  addMetric(metric: Metric): MetricState {
    const { key, limits } = this.#describe(metric)
    const state: MetricState = {
      key,
      metric,
      limits,
      tracked: new Map(),
      values: new Map(),
      demand: new Demand(),
      invited: new Set(),
      isPressed: false,
      wasPressed: false,
      over: 0,
      folded: 0,
      labels: [],
      lastSeen: 0,
      isEvicted: false
    }
    this.metrics.set(key, state)
    // Which label to drop must be known when the first series finds no place.
    if (state.limits.action === 'drop_label') this.profile(state)
    return state
  }

  tenantOf(series: Series): Tenant {
    const attribute = this.#config.tenant_attribute
    const value = attribute === '' ? undefined : findAttribute(series.resource.attributes, attribute)
    const name = value === undefined ? '' : attributeText(value)
    return this.tenantNamed(this.tenants.has(name) || this.tenants.size < MOST_TENANTS ? name : '')
  }

  tenantNamed(name: string): Tenant {
    const known = this.tenants.get(name)
    if (known !== undefined) return known
    const tenant = { name, series: 0, lastSeen: 0, isEvicted: false }
    this.tenants.set(name, tenant)
    return tenant
  }

  /**
   * Returns the series as tracked, new or not; undefined if it gets no place. `isStripped`: it has lost a label
   * already.
   */
  ask(ref: Ref, series: Series, now: number, isStripped = false): TrackedSeries | undefined {
    const metric = ref.metric!
    const known = metric.tracked.get(ref.key)
    if (known !== undefined) return known
    const values = this.#limitedValues(series.attributes, metric.limits)
    if (!this.#hasQuota(metric, ref, values, isStripped)) {
      if (!metric.isPressed && !metric.wasPressed) metric.overSince = now
      metric.isPressed = true
      if (!isStripped) this.candidates.add(ref.key, metric)
      return undefined
    }
    metric.invited.delete(ref.key)
    return this.admit({
      key: ref.key,
      metric,
      tenant: ref.tenant!,
      values,
      count: 0,
      lastSeen: now,
      since: this.expiryRuns,
      last: undefined,
      base: undefined,
      needsStartPoint: false,
      isEvicted: false
    })
  }

  admit(entry: TrackedSeries): TrackedSeries {
    const { metric, tenant, key } = entry
    metric.tracked.set(key, entry)
    tenant.series++
    this.total++
    for (const [label, value] of entry.values) {
      let counts = metric.values.get(label)
      if (counts === undefined) metric.values.set(label, (counts = new Map()))
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    return entry
  }

  evict(entry: TrackedSeries): void {
    const { metric, tenant, key } = entry
    entry.isEvicted = true
    metric.tracked.delete(key)
    tenant.series--
    this.total--
    for (const [label, value] of entry.values) {
      const counts = metric.values.get(label)!
      const left = counts.get(value)! - 1
      if (left > 0) counts.set(value, left)
      else counts.delete(value)
    }
  }

  evictMetric(state: MetricState): void {
    state.isEvicted = true
    if (state.demand.hasProfile) this.#profiles--
    this.metrics.delete(state.key)
  }

  /** @param before Unix ms */
  expireIdleTenants(before: number): void {
    for (const [name, tenant] of this.tenants) {
      if (tenant.series > 0 || tenant.lastSeen > before) continue
      tenant.isEvicted = true
      this.tenants.delete(name)
    }
  }

  /** Profiles the labels of a metric that went over its limits; false if there are too many profiles. */
  profile({ demand }: MetricState): boolean {
    if (demand.hasProfile) return true
    if (this.#profiles >= MOST_PROFILES) return false
    this.#profiles++
    demand.profile()
    return true
  }

  /** Free places of a metric. */
  free({ tracked, limits }: MetricState): number {
    return Math.max(0, Math.min(limits.maxSeries - tracked.size, this.maxTotal - this.total))
  }

  #describe(metric: Metric): Described {
    const known = this.#described.get(metric)
    if (known !== undefined) return known
    const key = JSON.stringify([metric.name, metric.unit, metric.kind, metric.temporality])
    const described = { key, limits: limitsFor(metric.name, this.#config) }
    this.#described.set(metric, described)
    return described
  }

  // Under pressure a place is only for series that an expiry run has invited: one that comes once must not take it.
  #hasQuota(metric: MetricState, ref: Ref, values: TrackedSeries['values'], isStripped: boolean): boolean {
    const { limits, tracked } = metric
    const isInvited = metric.invited.has(ref.key)
    const reserved =
      limits.action === 'drop_label' && !isStripped ? Math.floor(limits.maxSeries * QUOTA_FOR_STRIPPED) : 0
    if (tracked.size >= limits.maxSeries - reserved || this.total >= this.maxTotal) return false
    const perTenant = this.#config.max_series_per_tenant
    if (perTenant > 0 && ref.tenant!.series >= perTenant) return false
    if (metric.wasPressed && !isInvited && !isStripped) return false
    for (const [label, value] of values) {
      const counts = metric.values.get(label)
      if (counts !== undefined && !counts.has(value) && counts.size >= limits.maxValuesPerLabel) return false
    }
    return true
  }

  #limitedValues(attributes: Attributes, { maxValuesPerLabel }: Limits): TrackedSeries['values'] {
    if (maxValuesPerLabel === Number.POSITIVE_INFINITY) return []
    return attributes.map(([name, value]) => [name, attributeText(value).slice(0, LONGEST_VALUE)] as const)
  }
}
