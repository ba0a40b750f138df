import type { GridRequest } from '../../../core/promql/sample-store.ts'
import { asNumbers, type NativeColumns } from './native-reader.ts'
import { identityOf, joinOf, slidingFolds } from './sliding.ts'
import { type Spans, WINDOW_FUNCTIONS } from './window-sql.ts'

/** Of each span: its value, and how many samples it is of. */
export interface SpanValues {
  readonly values: Float64Array
  readonly counts: Float64Array
}

/** Of spans without samples. */
export function newValues({ func }: GridRequest, { count }: Spans): SpanValues {
  const values = new Float64Array(count).fill(identityOf(WINDOW_FUNCTIONS[func]!.fold))
  return { values, counts: new Float64Array(count) }
}

/** Folds the spans of a row into values. */
export function spanAdder(block: NativeColumns, { func }: GridRequest): (to: SpanValues, row: number) => void {
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

/** Values of windows, which consist of spans, and how many samples these have. */
export function windowsOf({ values, counts }: SpanValues, { func, stepMs, rangeMs }: GridRequest, spans: Spans) {
  // Spans with room at their ends are longer than windows.
  const width = Math.max(1, rangeMs / spans.lengthMs)
  const stride = Math.max(1, stepMs / spans.lengthMs)
  const totals = slidingFolds(values, width, stride, WINDOW_FUNCTIONS[func]!.fold)
  const samples = slidingFolds(counts, width, stride, 'sum')
  const results = new Float64Array(totals.length)
  const absent = new Uint8Array(totals.length)
  for (let i = 0; i < results.length; i++) {
    if (samples[i] === 0) absent[i] = 1
    else if (func === 'present_over_time') results[i] = 1
    else if (func === 'count_over_time') results[i] = samples[i]
    else results[i] = func === 'avg_over_time' ? totals[i] / samples[i] : totals[i]
  }
  return { values: results, absent: absent.includes(1) ? absent : undefined, samples }
}
