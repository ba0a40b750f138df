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

/** Values at both bounds: of the samples there, or with `smoothed` between two. */
export function floatBounds(window: Window, { first, last }: Edges, extension: Extension, isCounter: boolean) {
  const { times, values } = window.series
  const after = window.until - window.rangeMs
  const at = (index: number, time: number) => floatBetween(times, values, { index, time, isCounter })
  const isSmoothed = extension === 'smoothed'
  const left = isSmoothed && times[first]! < after ? at(first, after) : values[first]!
  const right = isSmoothed && last > first && times[last]! > window.until ? at(last - 1, window.until) : values[last]!
  return { left, right }
}

/** Indices of the floats that no bound stands for. */
export function indicesInside({ series: { times }, until, rangeMs }: Window, { first, last }: Edges): number[] {
  const indices: number[] = []
  for (let i = first; i <= last; i++) if (times[i]! > until - rangeMs && times[i]! < until) indices.push(i)
  return indices
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

function floatIncrease(window: Window, edges: Edges, extension: Extension, isCounter: boolean): number {
  const { left, right } = floatBounds(window, edges, extension, isCounter)
  if (!isCounter) return right - left
  const { values } = window.series
  let lost = 0
  let before = left
  for (const index of indicesInside(window, edges)) {
    if (values[index]! < before) lost += before
    before = values[index]!
  }
  return right - left + (right < before ? lost + before : lost)
}
