import type { Expr } from '../ast.ts'
import type { SampleStore, SelectedSeries } from '../sample-store.ts'
import { histogramSamples } from './histogram-samples.ts'
import type { Demand } from './plan.ts'
import type { EvaluationOptions, Loaded } from './query.ts'
import type { QueryRemarks } from './remarks.ts'
import type { SampleBudget } from './sample-budget.ts'
import { lastTime } from './times.ts'

interface Loading {
  readonly store: SampleStore
  readonly options: EvaluationOptions
  readonly remarks: QueryRemarks
  readonly budget: SampleBudget
}

/** Asks the store for everything, at once. If one request fails, the others are given up. */
export async function load(demands: readonly Demand[], loading: Loading): Promise<Map<Expr, Loaded>> {
  const failure = new AbortController()
  const signal = AbortSignal.any([loading.options.signal, failure.signal])
  const answers = await Promise.all(
    demands.map(async demand => {
      try {
        return await loadOne(demand, loading, signal)
      } catch (error) {
        failure.abort(error)
        throw error
      }
    })
  )
  return new Map(answers)
}

async function loadOne(demand: Demand, loading: Loading, signal: AbortSignal): Promise<[Expr, Loaded]> {
  const { store, remarks, budget, options } = loading
  const { limits } = options
  for (const { expr, request, times } of demand.grids) {
    const series = await store.grid?.({ ...request, limits }, remarks, signal)
    if (series === undefined) continue
    budget.checkSeries(series.length)
    budget.take(series.length * times.count)
    return [expr, { kind: 'grid', series }]
  }
  const { selector, times, rangeMs, func } = demand
  const series = await store.select(
    {
      matchers: selector.matchers,
      after: times.start - rangeMs,
      until: lastTime(times),
      stepMs: times.count > 1 ? times.stepMs : 0,
      rangeMs,
      func,
      limits
    },
    remarks,
    signal
  )
  budget.checkSeries(series.length)
  budget.take(samplesOf(series))
  return [selector, { kind: 'series', series }]
}

function samplesOf(series: readonly SelectedSeries[]): number {
  let count = 0
  for (const { times, histograms } of series) {
    count += times.length
    for (const histogram of histograms ?? []) if (histogram !== undefined) count += histogramSamples(histogram)
  }
  return count
}
