import { type CellKind, FLOAT, NONE } from '../../rows.ts'
import { type RangeCall, type RangeFunction, warnMixed } from '../range-function.ts'
import type { Window } from '../window.ts'
import { type Edges, type Extension, edgesOf } from './edges.ts'
import { extendedHistogramRate } from './histogram-rate.ts'
import { floatBetween } from './interpolation.ts'

/** `rate`, `increase` or `delta` between the bounds of a range. */
export function extendedRate(extension: Extension, isCounter: boolean, perSecond: boolean): RangeFunction {
  return (window, call) => {
    const seconds = perSecond ? window.rangeMs / 1000 : 1
    if (window.histogramCount > 0) return ofHistograms(window, call, extension, isCounter, seconds)
    const { times } = window.series
    const edges = edgesOf(window, times, window.first, window.end, extension)
    if (edges === undefined) return NONE
    window.value = floatIncrease(window, edges, extension, isCounter) / seconds
    return FLOAT
  }
}

function ofHistograms(
  window: Window,
  call: RangeCall,
  extension: Extension,
  isCounter: boolean,
  seconds: number
): CellKind {
  if (window.floatCount === 0) return extendedHistogramRate(window, call, extension, isCounter, seconds)
  warnMixed(window, call)
  return NONE
}

function floatIncrease(window: Window, { first, last }: Edges, extension: Extension, isCounter: boolean): number {
  const { times, values } = window.series
  const after = window.until - window.rangeMs
  const at = (index: number, time: number) => floatBetween(times, values, { index, time, isCounter })
  const isSmoothed = extension === 'smoothed'
  const left = isSmoothed && times[first]! < after ? at(first, after) : values[first]!
  const right = isSmoothed && last > first && times[last]! > window.until ? at(last - 1, window.until) : values[last]!
  if (!isCounter) return right - left
  let lost = 0
  let before = left
  for (let i = first; i <= last; i++) {
    if (times[i]! <= after || times[i]! >= window.until) continue
    if (values[i]! < before) lost += before
    before = values[i]!
  }
  return right - left + (right < before ? lost + before : lost)
}
