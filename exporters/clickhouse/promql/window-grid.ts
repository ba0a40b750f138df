import type { GridRequest, GridSeries } from '../../../core/promql/sample-store.ts'
import { type GridOutputs, gridOutputs, outputLabels } from './grid-outputs.ts'
import type { NativeColumns } from './native-reader.ts'
import type { FoundSeries } from './series-index.ts'
import { type RowsOf, seriesWindows } from './series-windows.ts'
import { newValues, spanAdder, windowsOf } from './span-values.ts'
import type { Statements } from './statements.ts'
import { type Spans, WINDOW_FUNCTIONS, windowSql } from './window-sql.ts'

/** Spans of one result: short ones under a long range are many. */
export const MOST_SPANS = 50_000

/** True if ClickHouse makes the values of spans, and those of windows follow. */
export function hasWindows({ func, aggregate }: GridRequest): boolean {
  const known = WINDOW_FUNCTIONS[func]
  return known !== undefined && (aggregate === undefined || known.like === aggregate.op)
}

/**
 * The result of a function over windows, made of spans that windows have in common.
 * @param rows for the columns of `numberRows`, none of which is between windows @param members how many samples each output must have in each window, or there is no result
 */
export async function windowGrid(
  statements: Statements,
  request: GridRequest,
  series: readonly FoundSeries[],
  rows: RowsOf,
  signal: AbortSignal,
  members?: Uint32Array
): Promise<GridSeries[] | undefined> {
  const outputs = gridOutputs(series, request)
  const spans = windowSpans(request)
  const isTooMuch = spans.count > MOST_SPANS || spans.count * (outputs?.labels.length ?? 0) > request.limits.maxSamples
  if (outputs === undefined || isTooMuch) return undefined
  const isOfSeries = request.aggregate === undefined && !outputs.hasBounds
  const ofSeries = isOfSeries ? await seriesWindows(statements, request, spans, outputs, rows, signal) : 'too many'
  if (ofSeries !== 'too many') return ofSeries
  const blocks = await statements.askTogether(windowSql(request, spans, rows(), outputs), signal)
  if (blocks.some(block => block.numbers('odd').includes(1))) return undefined
  const grids = blocks.map(block => windowsIn(block, request, spans, outputs, members))
  if (!grids.every(grid => grid !== undefined)) return undefined
  const all = grids.flat()
  return members === undefined || all.length === members.length ? all : undefined
}

/** Windows with room between them, in which there are no rows, are one span each. */
function windowSpans(request: GridRequest): Spans {
  const { start, end, stepMs, rangeMs } = request
  if (start === end || stepMs <= rangeMs) return spansOf(request)
  return { origin: start - rangeMs, lengthMs: stepMs, count: Math.floor((end - start) / stepMs) + 1 }
}

/** The spans that the windows of all times consist of. */
export function spansOf({ start, end, stepMs, rangeMs }: GridRequest): Spans {
  const lengthMs = start === end || stepMs === 0 ? rangeMs : greatestCommonDivisor(stepMs, rangeMs)
  return { origin: start - rangeMs, lengthMs, count: Math.floor((end - start + rangeMs) / lengthMs) }
}

function windowsIn(
  block: NativeColumns,
  request: GridRequest,
  spans: Spans,
  outputs: GridOutputs,
  members: Uint32Array | undefined
): GridSeries[] | undefined {
  const labelsAt = outputLabels(outputs, block, request)
  const addTo = spanAdder(block, request)
  const grids: GridSeries[] = []
  for (let row = 0; row < block.rows; row++) {
    const labels = labelsAt(row)
    if (labels === undefined) continue
    const ofSpans = newValues(request, spans)
    addTo(ofSpans, row)
    const { values, absent, samples } = windowsOf(ofSpans, request, spans)
    const wanted = members?.[block.numbers('output')[row]]
    if (wanted !== undefined && samples.some(count => count !== wanted)) return undefined
    grids.push({ labels, values, absent })
  }
  return grids
}

function greatestCommonDivisor(a: number, b: number): number {
  let [left, right] = [a, b]
  while (right !== 0) [left, right] = [right, left % right]
  return left
}
