import type { GridFunction, GridRequest, GridSeries } from '../../../core/promql/sample-store.ts'
import { hasAggregatedWindows } from './aggregated-windows.ts'
import type { MetricForm } from './forms.ts'
import { storedAverages, storedGrid } from './grid.ts'
import { storedLast } from './last-grid.ts'
import type { TierConfig } from './request.ts'
import type { Source, Sources } from './sources.ts'
import type { Statements } from './statements.ts'
import { suffixOf } from './tier-choice.ts'
import { areGauges, GAUGE_STATES, type GaugeState, matchingTierForms, stateForms } from './tier-forms.ts'

const SECOND_MS = 1000
const AS_IT_IS: readonly GaugeState[] = [{ suffix: '', func: 'last' }]
/** Functions of a gauge that its last sample of each interval is enough for. */
const OF_LAST: ReadonlySet<GridFunction> = new Set(['last', 'last_over_time', 'present_over_time'])

/** How a tier answers: the sources of one or two results, and the function that makes each of them. */
export interface TierPlan {
  readonly sources: readonly Source[]
  readonly functions: readonly GridFunction[]
  /** Samples of a series are so far apart at least. */
  readonly intervalMs: number
}

/**
 * The tables and functions with which a tier answers. Undefined if it cannot.
 * @param isExact true if the result must be that of the points as they came
 */
export async function tierPlan(
  sources: Sources,
  request: GridRequest,
  tier: TierConfig,
  isExact: boolean,
  signal: AbortSignal
): Promise<TierPlan | undefined> {
  const suffix = suffixOf(tier)
  const { matchers, func, start, rangeMs, limits } = request
  const metrics = await sources.metrics(suffix, signal)
  const forms = matchingTierForms(metrics, matchers, func)
  const states = statesFor(forms, request, isExact)
  if (forms.length === 0 || states === undefined) return undefined
  const found = await Promise.all(
    states.map(state => {
      const ofState = state.suffix === '' ? forms : stateForms(forms, metrics, state)
      return sources.findForms({ matchers, after: start - rangeMs, limits }, suffix, ofState, signal)
    })
  )
  if (found.some(source => source.found.series.length === 0)) return undefined
  return { sources: found, functions: states.map(state => state.func), intervalMs: tier.sizeMs }
}

function statesFor(
  forms: readonly MetricForm[],
  request: GridRequest,
  isExact: boolean
): readonly GaugeState[] | undefined {
  const { func, aggregate } = request
  const asItIs = AS_IT_IS.map(({ suffix }) => ({ suffix, func }))
  if (areGauges(forms)) {
    const states = GAUGE_STATES[func]
    if (states === undefined) return isExact && !OF_LAST.has(func) ? undefined : asItIs
    // The average of all samples is no average of averages.
    return states.length > 1 && aggregate !== undefined && !hasAggregatedWindows(request) ? undefined : states
  }
  const isRate = func === 'rate' || func === 'increase'
  if (forms.every(({ metric }) => metric.reading === 'running'))
    return isRate ? [{ suffix: '', func: 'sum_over_time' }] : undefined
  if (forms.some(({ metric }) => metric.reading === 'running') || isRate) return undefined
  return isExact && func !== 'sum_over_time' ? undefined : asItIs
}

/** The result of a plan, as `storedGrid` has it. */
export async function tierGrid(
  statements: Statements,
  request: GridRequest,
  { sources, functions, intervalMs }: TierPlan,
  signal: AbortSignal
): Promise<GridSeries[] | undefined> {
  const [first, second] = sources
  if (second !== undefined && request.aggregate !== undefined)
    return storedAverages(statements, request, [first, second], signal)
  const results = await Promise.all(
    sources.map(({ tables, found }, i) => {
      const own = { ...request, func: functions[i] }
      if (own.func === 'last') return storedLast(statements, own, tables, found, intervalMs, signal)
      return storedGrid(statements, own, tables, found, signal)
    })
  )
  const [sums, counts] = results
  if (sums === undefined) return undefined
  if (request.func === 'rate') return divided(sums, request.rangeMs / SECOND_MS)
  if (results.length === 1) return sums
  return counts && quotients(sums, counts)
}

function divided(series: readonly GridSeries[], by: number): GridSeries[] {
  return series.map(one => ({ ...one, values: one.values.map(value => value / by) }))
}

function quotients(sums: readonly GridSeries[], counts: readonly GridSeries[]): GridSeries[] {
  const byLabels = new Map(counts.map(one => [one.labels.key, one]))
  return sums.flatMap(one => {
    const count = byLabels.get(one.labels.key)
    return count === undefined ? [] : [{ ...one, values: one.values.map((sum, i) => sum / count.values[i]) }]
  })
}

/** Results one after the other in time. Each is for so many times. */
export function joinedGrids(
  [first, firstTimes]: readonly [GridSeries[], number],
  [second, secondTimes]: readonly [GridSeries[], number]
): GridSeries[] {
  const rests = new Map(second.map(one => [one.labels.key, one]))
  const joined = first.map(one => {
    const rest = rests.get(one.labels.key)
    rests.delete(one.labels.key)
    return both(one.labels, one, firstTimes, rest, secondTimes)
  })
  return [...joined, ...Array.from(rests.values(), one => both(one.labels, undefined, firstTimes, one, secondTimes))]
}

function both(
  labels: GridSeries['labels'],
  first: GridSeries | undefined,
  firstTimes: number,
  second: GridSeries | undefined,
  secondTimes: number
): GridSeries {
  const values = new Float64Array(firstTimes + secondTimes)
  const absent = new Uint8Array(firstTimes + secondTimes).fill(1)
  for (const [part, from, times] of [
    [first, 0, firstTimes],
    [second, firstTimes, secondTimes]
  ] as const) {
    if (part === undefined) continue
    values.set(part.values, from)
    absent.set(part.absent ?? new Uint8Array(times), from)
  }
  return { labels, values, absent: absent.includes(1) ? absent : undefined }
}
