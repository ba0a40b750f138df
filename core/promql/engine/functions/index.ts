import { absent } from './absent.ts'
import { dayOfMonth, dayOfWeek, dayOfYear, daysInMonth, hour, minute, month, year } from './dates.ts'
import { clamp, clampMax, clampMin, elementwise, round } from './elementwise.ts'
import {
  histogramAverageOf,
  histogramCountOf,
  histogramDeviationOf,
  histogramSumOf,
  histogramVarianceOf
} from './histograms.ts'
import { labelJoin, labelReplace } from './labels.ts'
import { histogramFractionOf, histogramQuantileOf, histogramQuantilesOf, sketchQuantileOf } from './quantiles.ts'
import { end, maxOf, minOf, pi, range, scalar, start, step, time, vector } from './scalars.ts'
import { sort, sortByLabel, sortByLabelDesc, sortDesc } from './sort.ts'
import { timestamp } from './timestamp.ts'
import type { VectorFunction } from './vector-function.ts'

/** Functions without range vectors, by name. */
export const VECTOR_FUNCTIONS: ReadonlyMap<string, VectorFunction> = new Map([
  ...(
    [
      ['abs', Math.abs],
      ['ceil', Math.ceil],
      ['floor', Math.floor],
      ['exp', Math.exp],
      ['ln', Math.log],
      ['log2', Math.log2],
      ['log10', Math.log10],
      ['sqrt', Math.sqrt],
      ['sin', Math.sin],
      ['cos', Math.cos],
      ['tan', Math.tan],
      ['asin', Math.asin],
      ['acos', Math.acos],
      ['atan', Math.atan],
      ['sinh', Math.sinh],
      ['cosh', Math.cosh],
      ['tanh', Math.tanh],
      ['asinh', Math.asinh],
      ['acosh', Math.acosh],
      ['atanh', Math.atanh],
      ['sgn', Math.sign],
      ['deg', (radians: number) => (radians * 180) / Math.PI],
      ['rad', (degrees: number) => (degrees * Math.PI) / 180]
    ] as const
  ).map(([name, func]): [string, VectorFunction] => [name, elementwise(func)]),
  ['round', round],
  ['clamp', clamp],
  ['clamp_min', clampMin],
  ['clamp_max', clampMax],
  ['year', year],
  ['month', month],
  ['day_of_month', dayOfMonth],
  ['day_of_week', dayOfWeek],
  ['day_of_year', dayOfYear],
  ['days_in_month', daysInMonth],
  ['hour', hour],
  ['minute', minute],
  ['time', time],
  ['pi', pi],
  ['start', start],
  ['end', end],
  ['step', step],
  ['range', range],
  ['min_of', minOf],
  ['max_of', maxOf],
  ['scalar', scalar],
  ['vector', vector],
  ['timestamp', timestamp],
  ['absent', absent],
  ['sort', sort],
  ['sort_desc', sortDesc],
  ['sort_by_label', sortByLabel],
  ['sort_by_label_desc', sortByLabelDesc],
  ['histogram_count', histogramCountOf],
  ['histogram_sum', histogramSumOf],
  ['histogram_avg', histogramAverageOf],
  ['histogram_stdvar', histogramVarianceOf],
  ['histogram_stddev', histogramDeviationOf],
  ['histogram_quantile', histogramQuantileOf],
  ['histogram_quantiles', histogramQuantilesOf],
  ['histogram_fraction', histogramFractionOf],
  ['weir_quantile', sketchQuantileOf],
  ['label_replace', labelReplace],
  ['label_join', labelJoin]
])
