import type { Expr } from '../../ast.ts'
import { METRIC_NAME } from '../../labels.ts'
import type { QueryRemarks } from '../remarks.ts'
import type { CellKind } from '../rows.ts'
import type { Window } from './window.ts'

/** A call of a range function: what its windows share. */
export interface RangeCall {
  readonly func: string
  /** Without parentheses around them. */
  readonly args: readonly Expr[]
  /** Arguments that are scalars, in their order: one value for each evaluation time. */
  readonly scalars: readonly Float64Array[]
  readonly remarks: QueryRemarks
}

/** Leaves the result in the window, and says what it is. Windows have at least one sample. */
export type RangeFunction = (window: Window, call: RangeCall) => CellKind

export function metricName(window: Window): string {
  return window.series.labels.get(METRIC_NAME)
}

export function warnMixed(window: Window, call: RangeCall): void {
  call.remarks.mixed(call.args[0]!.span, metricName(window))
}

export function warnMixedSchemas(window: Window, call: RangeCall): void {
  call.remarks.mixedSchemas(call.args[0]!.span, metricName(window))
}

/** Functions of floats leave histograms out of a range that has both. */
export function informIgnoredHistograms(window: Window, call: RangeCall): void {
  if (window.histogramCount === 0) return
  const name = JSON.stringify(metricName(window))
  call.remarks.infoAt(
    call.args[0]!.span,
    `ignored histograms in a range containing both floats and histograms for metric name ${name}`
  )
}
