import type { Aggregation } from './aggregation.ts'
import { avg } from './avg.ts'
import { count } from './count.ts'
import { histogram } from './histogram.ts'
import { last } from './last.ts'
import { max } from './max.ts'
import { min } from './min.ts'
import { quantiles } from './quantiles.ts'
import { stddev } from './stddev.ts'
import { sum } from './sum.ts'
import { unique } from './unique.ts'

/** All aggregations, in the order in which errors and schemas list them. */
export const AGGREGATIONS = [
  count,
  sum,
  min,
  max,
  avg,
  stddev,
  last,
  unique,
  quantiles,
  histogram
] as const satisfies readonly Aggregation[]
export type AggregationName = (typeof AGGREGATIONS)[number]['name']
export const AGGREGATION_NAMES: readonly AggregationName[] = AGGREGATIONS.map(({ name }) => name)

export type NamedAggregation = Aggregation<AggregationName>

export function aggregationOf(name: AggregationName): NamedAggregation {
  return AGGREGATIONS.find(one => one.name === name)!
}
