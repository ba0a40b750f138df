import { changes, resets } from './changes.ts'
import { instantDelta, instantRate } from './instant-rate.ts'
import {
  countOverTime,
  firstOverTime,
  lastOverTime,
  maxOverTime,
  minOverTime,
  presentOverTime,
  timeOfFirst,
  timeOfLast,
  timeOfMax,
  timeOfMin
} from './over-time.ts'
import type { RangeFunction } from './range-function.ts'
import { delta, increase, rate } from './rate.ts'
import { derivative, doubleExponentialSmoothing, predictLinear } from './regression.ts'
import { deviationOverTime, medianDeviationOverTime, quantileOverTime, varianceOverTime } from './spread.ts'
import { meanOverTime, sumOverTime } from './sums.ts'

/** Functions of range vectors, by name. */
export const RANGE_FUNCTIONS: ReadonlyMap<string, RangeFunction> = new Map([
  ['rate', rate],
  ['increase', increase],
  ['delta', delta],
  ['irate', instantRate],
  ['idelta', instantDelta],
  ['resets', resets],
  ['changes', changes],
  ['deriv', derivative],
  ['predict_linear', predictLinear],
  ['double_exponential_smoothing', doubleExponentialSmoothing],
  ['sum_over_time', sumOverTime],
  ['avg_over_time', meanOverTime],
  ['count_over_time', countOverTime],
  ['present_over_time', presentOverTime],
  // Its times are inverted once all series are known.
  ['absent_over_time', presentOverTime],
  ['first_over_time', firstOverTime],
  ['last_over_time', lastOverTime],
  ['min_over_time', minOverTime],
  ['max_over_time', maxOverTime],
  ['stdvar_over_time', varianceOverTime],
  ['stddev_over_time', deviationOverTime],
  ['mad_over_time', medianDeviationOverTime],
  ['quantile_over_time', quantileOverTime],
  ['ts_of_first_over_time', timeOfFirst],
  ['ts_of_last_over_time', timeOfLast],
  ['ts_of_min_over_time', timeOfMin],
  ['ts_of_max_over_time', timeOfMax]
])
