import type { Distribution } from '../../../../core/model/distribution.ts'
import { USUAL_LIMITS } from '../../../../core/model/sketch/exponential-counts.ts'
import type { Aggregation, AggregationOptions, Sink } from '../../../../core/windows/aggregations/aggregation.ts'
import { AGGREGATIONS } from '../../../../core/windows/aggregations/index.ts'
import { newObservation, type Observation } from '../../../../core/windows/input/observation.ts'
import { Pane, type PaneLayout } from '../../../../core/windows/panes/pane.ts'

export const OPTIONS: AggregationOptions = {
  attribute: undefined,
  quantiles: [0.5, 0.99],
  limits: USUAL_LIMITS,
  buckets: true
}
/** State for every aggregation there is. */
const accumulators = [...new Set(AGGREGATIONS.flatMap((one: Aggregation) => one.accumulators(OPTIONS)))]
export const LAYOUT: PaneLayout = { accumulators, limits: USUAL_LIMITS }
const ALL = accumulators.map((_, i) => i)

/** Adds one value that needs no more than a sum and a count. */
export function add(pane: Pane, slot: number, value: number): void {
  pane.addRun(Int32Array.of(slot), Float64Array.of(value), 0, 1)
}

/** Adds one value to `slot`, or any other item. */
export function observe(pane: Pane, slot: number, value: number, more: Partial<Observation> = {}): void {
  pane.observe({ ...newObservation(), slot, value, min: value, max: value, sum: value, count: 1, ...more }, ALL)
}

export function paneOf(values: readonly number[], slot = 0): Pane {
  const pane = new Pane(LAYOUT)
  for (const value of values) observe(pane, slot, value)
  return pane
}

/** What `aggregation` sends of the group in `slot`, by output. */
export function emitted(
  aggregation: Aggregation,
  pane: Pane,
  slot = 0,
  options: AggregationOptions = OPTIONS
): (number | Distribution)[] {
  const points: (number | Distribution)[] = []
  const sink: Sink = {
    value: (output, value) => (points[output] = value),
    distribution: (output, point) => (points[output] = point)
  }
  aggregation.emit(pane, pane.find(slot), sink, options)
  return points
}
