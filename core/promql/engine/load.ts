import type { Expr } from '../ast.ts'
import { QueryError } from '../query-error.ts'
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

/** Answer to a demand. `grid` is the index of the computation that the store took over; -1 if it gave samples. */
interface Answer {
  readonly grid: number
  readonly loaded: Loaded
}

/** Asks the store for everything, at once, and for the same only once. If one request fails, the others are given up. */
export async function load(demands: readonly Demand[], loading: Loading): Promise<Map<Expr, Loaded>> {
  const failure = new AbortController()
  const signal = AbortSignal.any([loading.options.signal, failure.signal])
  const answers = new Map<string, Promise<Answer>>()
  const answerTo = (demand: Demand) => {
    const key = keyOf(demand)
    const known = answers.get(key)
    if (known !== undefined) return known
    const answer = loadOne(demand, loading, signal)
    answer.catch(error => failure.abort(error))
    answers.set(key, answer)
    return answer
  }
  const loaded = demands.map(async (demand): Promise<[Expr, Loaded]> => {
    const { grid, loaded } = await answerTo(demand)
    return [demand.grids[grid]?.expr ?? demand.selector, loaded]
  })
  return new Map(await Promise.all(loaded))
}

/** The same for demands with the same answer. */
function keyOf({ selector, grids, times, rangeMs, margins, func }: Demand): string {
  const matchers = selector.matchers.map(({ name, op, value }) => [name, op, value])
  const requests = grids.map(({ request }) => [request.func, request.aggregate])
  return JSON.stringify([matchers, requests, times, rangeMs, margins, func])
}

async function loadOne(demand: Demand, loading: Loading, signal: AbortSignal): Promise<Answer> {
  const { store, remarks, budget, options } = loading
  const { limits } = options
  const { selector, grids, times, rangeMs, margins, func, isOfStore } = demand
  // One series alone may be too much, in a subquery of many steps.
  budget.checkRoom(times.count)
  for (const [grid, { request }] of grids.entries()) {
    const series = await store.grid?.({ ...request, limits }, remarks, signal)
    if (series === undefined) continue
    budget.checkSeries(series.length)
    budget.take(series.length * times.count)
    return { grid, loaded: { kind: 'grid', series } }
  }
  if (isOfStore) throw new QueryError('execution', `the store keeps no sets, of which ${func} could count the members`)
  const series = await store.select(
    {
      matchers: selector.matchers,
      after: times.start - rangeMs - margins.beforeMs,
      until: lastTime(times) + margins.afterMs,
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
  return { grid: -1, loaded: { kind: 'series', series } }
}

function samplesOf(series: readonly SelectedSeries[]): number {
  let count = 0
  for (const { times, histograms, isKept = false } of series) {
    if (isKept) continue
    count += times.length
    for (const histogram of histograms ?? []) if (histogram !== undefined) count += histogramSamples(histogram)
  }
  return count
}
