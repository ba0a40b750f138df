import { DistinctCounter } from '../../../core/model/sketch/distinct-counter.ts'
import { QueryError } from '../../../core/promql/query-error.ts'
import type { GridRequest, GridSeries } from '../../../core/promql/sample-store.ts'
import { gridOutputs } from './grid-outputs.ts'
import { asNumbers, asTexts, type ListColumn, type NativeColumns } from './native-reader.ts'
import type { FoundSeries } from './series-index.ts'
import { SlidingUnion, type SpanSet } from './sliding-union.ts'
import type { Statements } from './statements.ts'
import { unionSql } from './unique-sql.ts'
import { MOST_SPANS, spansOf } from './window-grid.ts'
import type { Spans } from './window-sql.ts'

/** Sets of one series, or of the series of one output, by their spans. */
interface SetSeries {
  readonly output: number
  readonly sets: SpanSet[]
}

/**
 * Numbers of distinct members. Undefined if series of several metrics would become the same. Rejects with a `QueryError` if
 * there are too many spans.
 * @param rows a query of SQL for the columns of `setRows`
 */
export async function uniqueGrid(
  statements: Statements,
  request: GridRequest,
  series: readonly FoundSeries[],
  rows: string,
  signal: AbortSignal
): Promise<GridSeries[] | undefined> {
  const outputs = gridOutputs(series, request)
  const spans = spansOf(request)
  if (outputs === undefined) return undefined
  if (spans.count > MOST_SPANS) throw tooFine(request)
  const isLast = request.func === 'unique'
  const blocks = await statements.ask(unionSql(rows, spans, outputs, isLast), signal)
  const byOutput = Map.groupBy(seriesIn(blocks), ({ output }) => output)
  return Array.from(byOutput, ([output, sets]) => {
    const grid = isLast ? lastSets(sets, request, spans) : unions(sets[0].sets, request, spans)
    return { labels: outputs.labels[output], ...grid }
  })
}

function tooFine({ stepMs, rangeMs }: GridRequest): QueryError {
  return new QueryError(
    'execution',
    `sets of a range of ${rangeMs} ms at steps of ${stepMs} ms are too many pieces: choose steps of which the range is a multiple`
  )
}

/** Rows of one series are side by side. */
function seriesIn(blocks: readonly NativeColumns[]): SetSeries[] {
  const series: SetSeries[] = []
  let before: { readonly output: number; readonly slot: bigint } | undefined
  for (const block of blocks) {
    const [outputs, slots] = [block.numbers('output'), block.ids('slot')]
    const setAt = setsOf(block)
    for (let row = 0; row < block.rows; row++) {
      if (before?.output !== outputs[row] || before.slot !== slots[row]) {
        before = { output: outputs[row], slot: slots[row] }
        series.push({ output: before.output, sets: [] })
      }
      series.at(-1)!.sets.push(setAt(row))
    }
  }
  return series
}

function setsOf(block: NativeColumns): (row: number) => SpanSet {
  const [spans, numbers, sets] = ['span', 'set_number', 'sets'].map(name => block.numbers(name))
  const [registers, members] = [block.list('set_registers'), block.list('set_members')]
  const [indexes, values, texts] = [asNumbers(registers.keys), asNumbers(registers.items), asTexts(members.items)]
  return row => {
    const [from, to] = boundsOf(registers, row)
    const counter = DistinctCounter.ofRegisters(indexes.subarray(from, to), values.subarray(from, to))
    const [first, end] = boundsOf(members, row)
    for (let i = first; i < end; i++) counter.add(texts[i])
    return { span: spans[row], members: counter, sets: sets[row], number: numbers[row] }
  }
}

const boundsOf = ({ ends }: ListColumn, row: number) => [row === 0 ? 0 : ends[row - 1], ends[row]] as const

function unions(sets: readonly SpanSet[], request: GridRequest, spans: Spans): Grid {
  const union = new SlidingUnion()
  let next = 0
  return gridOf(request, spans, (first, last) => {
    for (; next < sets.length && sets[next].span <= last; next++) union.push(sets[next])
    union.dropBefore(first)
    return union.count()
  })
}

/** Of each series the last set counts. */
function lastSets(series: readonly SetSeries[], request: GridRequest, spans: Spans): Grid {
  const next = new Uint32Array(series.length)
  let before: readonly SpanSet[] = []
  let count: number | undefined
  return gridOf(request, spans, (first, last) => {
    const chosen = series.flatMap(({ sets }, i) => {
      while (next[i] < sets.length && sets[next[i]].span <= last) next[i]++
      const set = sets[next[i] - 1]
      return set === undefined || set.span < first ? [] : [set]
    })
    if (chosen.length !== before.length || chosen.some((set, i) => set !== before[i])) {
      const union = new SlidingUnion()
      for (const set of chosen) union.push(set)
      count = union.count()
      before = chosen
    }
    return count
  })
}

interface Grid {
  readonly values: Float64Array
  readonly absent: Uint8Array | undefined
}

/** @param countIn of the spans from `first` to `last`, which move on; undefined if there are no sets */
function gridOf(
  { start, end, stepMs, rangeMs }: GridRequest,
  { lengthMs }: Spans,
  countIn: (first: number, last: number) => number | undefined
): Grid {
  const times = stepMs === 0 ? 1 : Math.floor((end - start) / stepMs) + 1
  const values = new Float64Array(times)
  const absent = new Uint8Array(times)
  const width = rangeMs / lengthMs
  for (let i = 0; i < times; i++) {
    const first = (i * stepMs) / lengthMs
    const count = countIn(first, first + width - 1)
    values[i] = count ?? 0
    absent[i] = Number(count === undefined)
  }
  return { values, absent: absent.includes(1) ? absent : undefined }
}
