import { restoreSeries, type SavedSeries, saveSeries } from '../../core/model/saved-blocks.ts'
import { openState, sealState } from '../../core/model/saved-state.ts'
import type { SeriesTable } from '../../sdk/plugin/index.ts'
import type { Demand } from './demand.ts'
import type { Total } from './folding.ts'
import type { LimiterState } from './limiter-state.ts'
import type { Counted } from './space-saving.ts'
import type { MetricState, TrackedSeries } from './state.ts'

const VERSION = 2

type SavedEntry = Pick<TrackedSeries, 'key' | 'values' | 'count' | 'lastSeen' | 'since' | 'last' | 'base'> & {
  readonly owesZero: boolean
  readonly tenant: string
}

type SavedTotal = Omit<Total, 'needsStartPoint'> & { readonly owesZero: boolean }

interface SavedMetric
  extends Pick<
    MetricState,
    'metric' | 'invited' | 'isPressed' | 'wasPressed' | 'overSince' | 'over' | 'folded' | 'labels' | 'lastSeen'
  > {
  readonly demand: ReturnType<Demand['save']>
  readonly admitted: readonly SavedEntry[]
}

interface Saved {
  readonly interval: number
  readonly sweeps: number
  readonly tenants: readonly (readonly [string, number])[]
  readonly metrics: readonly SavedMetric[]
  readonly candidates: readonly (Omit<Counted<MetricState>, 'owner'> & { readonly owner: string })[]
  readonly last: unknown
  readonly totals: readonly (readonly [SavedSeries, SavedTotal])[]
  readonly overflow: readonly (readonly [string, string])[]
  readonly stripped: readonly (readonly [string, SavedSeries])[]
}

export function saveState({ admission, folding, targets, interval }: LimiterState): Uint8Array {
  const { overflow, stripped } = targets.save()
  const saved: Saved = {
    interval,
    sweeps: admission.expiryRuns,
    tenants: [...admission.tenants.values()].map(({ name, lastSeen }) => [name, lastSeen] as const),
    metrics: [...admission.metrics.values()].map(saveMetric),
    candidates: [...admission.candidates.all()].map(one => ({ ...one, owner: one.owner.key })),
    last: folding.last.save(),
    totals: [...folding.totals].map(([series, { needsStartPoint, ...total }]) => [
      saveSeries(series),
      { ...total, owesZero: needsStartPoint }
    ]),
    overflow,
    stripped: stripped.map(([key, series]) => [key, saveSeries(series)])
  }
  return sealState(VERSION, saved)
}

/**
 * Restores into a fresh limiter. Limits are those configured now; tracked series keep their places until they expire.
 */
export function restoreState(bytes: Uint8Array, limiter: LimiterState, series: SeriesTable): void {
  const saved = openState(VERSION, bytes) as Saved
  const { admission, folding, targets } = limiter
  limiter.interval = saved.interval
  admission.expiryRuns = saved.sweeps
  for (const [name, lastSeen] of saved.tenants) admission.tenantNamed(name).lastSeen = lastSeen
  for (const one of saved.metrics) restoreMetric(one, limiter)
  const owners = saved.candidates.map(one => ({ ...one, owner: admission.metrics.get(one.owner) }))
  admission.candidates.reset(owners.filter(one => one.owner !== undefined) as Counted<MetricState>[])
  folding.last.restore(saved.last)
  targets.restore(
    saved.overflow,
    saved.stripped.map(([key, one]) => [key, restoreSeries(one, series)])
  )
  for (const [one, { owesZero, ...total }] of saved.totals)
    folding.totals.set(restoreSeries(one, series), { ...total, needsStartPoint: owesZero })
}

function saveMetric(state: MetricState): SavedMetric {
  const { metric, invited, isPressed, wasPressed, overSince, over, folded, labels, lastSeen } = state
  const admitted = [...state.tracked.values()].map(
    ({ key, values, count, lastSeen, since, last, base, needsStartPoint, tenant }): SavedEntry => ({
      key,
      values,
      count,
      lastSeen,
      since,
      last,
      base,
      owesZero: needsStartPoint,
      tenant: tenant.name
    })
  )
  const demand = state.demand.save()
  return { metric, invited, isPressed, wasPressed, overSince, over, folded, labels, lastSeen, demand, admitted }
}

function restoreMetric(saved: SavedMetric, { admission }: LimiterState): void {
  const { metric, admitted, demand, invited, ...rest } = saved
  const state = admission.addMetric(metric)
  Object.assign(state, rest)
  for (const one of invited) state.invited.add(one)
  if (demand.labels !== undefined) admission.profile(state)
  state.demand.restore(demand)
  for (const { owesZero, tenant, ...entry } of admitted)
    admission.admit({
      ...entry,
      metric: state,
      tenant: admission.tenantNamed(tenant),
      needsStartPoint: owesZero,
      isEvicted: false
    })
}
