import type { GridRequest, GridSeries } from '../../../core/promql/sample-store.ts'
import { type GridOutputs, gridOutputs, outputLabels } from './grid-outputs.ts'
import { asNumbers, type NativeColumns } from './native-reader.ts'
import type { FoundSeries } from './series-index.ts'
import { identityOf, slidingFolds } from './sliding.ts'
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
 * @param rows a query of SQL for the columns of `numberRows`
 */
export async function windowGrid(
  statements: Statements,
  request: GridRequest,
  series: readonly FoundSeries[],
  rows: string,
  signal: AbortSignal
): Promise<GridSeries[] | undefined> {
  const outputs = gridOutputs(series, request)
  const spans = spansOf(request)
  const isTooMuch = spans.count > MOST_SPANS || spans.count * (outputs?.labels.length ?? 0) > request.limits.maxSamples
  if (outputs === undefined || isTooMuch) return undefined
  const blocks = await statements.ask(windowSql(request, spans, rows, outputs), signal)
  if (blocks.some(block => block.numbers('odd').includes(1))) return undefined
  return blocks.flatMap(block => windowsIn(block, request, spans, outputs))
}

/** The spans that the windows of all times consist of. */
export function spansOf({ start, end, stepMs, rangeMs }: GridRequest): Spans {
  const lengthMs = start === end || stepMs === 0 ? rangeMs : greatestCommonDivisor(stepMs, rangeMs)
  return { origin: start - rangeMs, lengthMs, count: Math.floor((end - start + rangeMs) / lengthMs) }
}

function windowsIn(block: NativeColumns, request: GridRequest, spans: Spans, outputs: GridOutputs): GridSeries[] {
  const labelsAt = outputLabels(outputs, block, request)
  const [indexes, numbers, samples] = ['spans', 'numbers', 'samples'].map(name => block.list(name))
  const [allIndexes, allNumbers, allSamples] = [indexes, numbers, samples].map(({ items }) => asNumbers(items))
  const { fold } = WINDOW_FUNCTIONS[request.func]!
  const grids: GridSeries[] = []
  for (let row = 0; row < block.rows; row++) {
    const labels = labelsAt(row)
    if (labels === undefined) continue
    const values = new Float64Array(spans.count).fill(identityOf(fold))
    const counts = new Float64Array(spans.count)
    for (let i = row === 0 ? 0 : indexes.ends[row - 1]; i < indexes.ends[row]; i++) {
      // Those behind the last window are no part of one.
      if (allIndexes[i] >= spans.count) continue
      values[allIndexes[i]] = allNumbers[i]
      counts[allIndexes[i]] = allSamples[i]
    }
    grids.push({ labels, ...windowsOf(values, counts, request, spans) })
  }
  return grids
}

function windowsOf(values: Float64Array, counts: Float64Array, { func, stepMs, rangeMs }: GridRequest, spans: Spans) {
  const width = rangeMs / spans.lengthMs
  const stride = Math.max(1, stepMs / spans.lengthMs)
  const totals = slidingFolds(values, width, stride, WINDOW_FUNCTIONS[func]!.fold)
  const samples = slidingFolds(counts, width, stride, 'sum')
  const absent = Uint8Array.from(samples, n => Number(n === 0))
  const results = totals.map((total, i) => {
    if (func === 'present_over_time') return 1
    if (func === 'count_over_time') return samples[i]
    return func === 'avg_over_time' ? total / samples[i] : total
  })
  return { values: results, absent: absent.includes(1) ? absent : undefined }
}

function greatestCommonDivisor(a: number, b: number): number {
  let [left, right] = [a, b]
  while (right !== 0) [left, right] = [right, left % right]
  return left
}
