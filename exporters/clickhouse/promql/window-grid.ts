import type { GridRequest, GridSeries } from '../../../core/promql/sample-store.ts'
import { type GridOutputs, gridOutputs, outputLabels } from './grid-outputs.ts'
import { asNumbers, type NativeColumns } from './native-reader.ts'
import type { FoundSeries } from './series-index.ts'
import { identityOf, joinOf, slidingFolds } from './sliding.ts'
import type { Statements } from './statements.ts'
import { type Spans, seriesWindowSql, WINDOW_FUNCTIONS, windowSql } from './window-sql.ts'

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
  const isOfSeries = request.aggregate === undefined && !outputs.hasBounds
  const sql = isOfSeries ? seriesWindowSql(request, spans, rows) : windowSql(request, spans, rows, outputs)
  const blocks = await statements.ask(sql, signal)
  if (blocks.some(block => block.numbers('odd').includes(1))) return undefined
  if (isOfSeries) return seriesWindows(blocks, request, spans, outputs)
  return blocks.flatMap(block => windowsIn(block, request, spans, outputs))
}

/** The spans that the windows of all times consist of. */
export function spansOf({ start, end, stepMs, rangeMs }: GridRequest): Spans {
  const lengthMs = start === end || stepMs === 0 ? rangeMs : greatestCommonDivisor(stepMs, rangeMs)
  return { origin: start - rangeMs, lengthMs, count: Math.floor((end - start + rangeMs) / lengthMs) }
}

function windowsIn(block: NativeColumns, request: GridRequest, spans: Spans, outputs: GridOutputs): GridSeries[] {
  const labelsAt = outputLabels(outputs, block, request)
  const addTo = spanAdder(block, request)
  const grids: GridSeries[] = []
  for (let row = 0; row < block.rows; row++) {
    const labels = labelsAt(row)
    if (labels === undefined) continue
    const values = newValues(request, spans)
    addTo(values, row)
    grids.push({ labels, ...windowsOf(values, request, spans) })
  }
  return grids
}

/** Several stored series may be one output. */
function seriesWindows(
  blocks: readonly NativeColumns[],
  request: GridRequest,
  spans: Spans,
  { labels, outputOf }: GridOutputs
): GridSeries[] {
  const byOutput = new Map<number, SpanValues>()
  for (const block of blocks) {
    const ids = block.ids('series_id')
    const addTo = spanAdder(block, request)
    for (let row = 0; row < block.rows; row++) {
      const output = outputOf.get(ids[row])
      if (output === undefined) continue
      const values = byOutput.get(output) ?? newValues(request, spans)
      byOutput.set(output, values)
      addTo(values, row)
    }
  }
  return Array.from(byOutput, ([output, values]) => ({
    labels: labels[output],
    ...windowsOf(values, request, spans)
  }))
}

/** Of each span: its value, and how many samples it is of. */
interface SpanValues {
  readonly values: Float64Array
  readonly counts: Float64Array
}

function newValues({ func }: GridRequest, { count }: Spans): SpanValues {
  const values = new Float64Array(count).fill(identityOf(WINDOW_FUNCTIONS[func]!.fold))
  return { values, counts: new Float64Array(count) }
}

/** Folds the spans of a row into values. */
function spanAdder(block: NativeColumns, { func }: GridRequest): (to: SpanValues, row: number) => void {
  const [spans, numbers, samples] = ['spans', 'numbers', 'samples'].map(name => block.list(name))
  const [allSpans, allNumbers, allSamples] = [spans, numbers, samples].map(({ items }) => asNumbers(items))
  const join = joinOf(WINDOW_FUNCTIONS[func]!.fold)
  const hasCounts = allSamples.length > 0
  return ({ values, counts }, row) => {
    for (let i = row === 0 ? 0 : spans.ends[row - 1]; i < spans.ends[row]; i++) {
      const span = allSpans[i]
      // Those behind the last window are no part of one.
      if (span >= values.length) continue
      values[span] = join(values[span], allNumbers[i])
      counts[span] += hasCounts ? allSamples[i] : 1
    }
  }
}

function windowsOf({ values, counts }: SpanValues, { func, stepMs, rangeMs }: GridRequest, spans: Spans) {
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
