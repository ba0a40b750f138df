import { QueryError } from '../../query-error.ts'
import { anchoredChanges, anchoredResets, changes, resets } from './changes.ts'
import type { Extension } from './extended/edges.ts'
import { extendedRate } from './extended/rate.ts'
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
const RANGE_FUNCTIONS: ReadonlyMap<string, RangeFunction> = new Map([
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

/** Functions that go with the modifiers of range selectors. */
const EXTENDED: Readonly<Record<Extension, ReadonlyMap<string, RangeFunction>>> = {
  anchored: new Map([
    ['changes', anchoredChanges],
    ['delta', extendedRate('anchored', false, false)],
    ['increase', extendedRate('anchored', true, false)],
    ['rate', extendedRate('anchored', true, true)],
    ['resets', anchoredResets]
  ]),
  smoothed: new Map([
    ['delta', extendedRate('smoothed', false, false)],
    ['increase', extendedRate('smoothed', true, false)],
    ['rate', extendedRate('smoothed', true, true)]
  ])
}

/** Throws a {@link QueryError} if the function does not go with the modifier. */
export function rangeFunction(name: string, extension: Extension | undefined): RangeFunction {
  const functions = extension === undefined ? RANGE_FUNCTIONS : EXTENDED[extension]
  const found = functions.get(name)
  if (found !== undefined) return found
  if (extension === undefined) throw new TypeError(`no function ${name} of range vectors`)
  const others = Array.from(functions.keys()).join(', ')
  throw new QueryError('execution', `${extension} modifier can only be used with: ${others} - not with ${name}`)
}
