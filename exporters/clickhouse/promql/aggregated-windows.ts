import type { AggregationOp } from '../../../core/promql/ast.ts'
import type { GridRequest, GridSeries } from '../../../core/promql/sample-store.ts'
import { type AggregatedWindows, aggregatedSql, type SlottedRows, VALUES } from './aggregated-windows-sql.ts'
import { gridOutputs } from './grid-outputs.ts'
import { gridsOf } from './grid-rows.ts'
import type { FoundSeries } from './series-index.ts'
import type { Statements } from './statements.ts'

/** Values of spans of all series at once, some 50 bytes each in ClickHouse. */
const MOST_VALUES = 6_000_000
/** Spans that a window may consist of: each is added again for each window. */
const WIDEST = 8
/** A result of these may be divided by a length of time as well as the values that it is of. */
const AGGREGATIONS: ReadonlySet<AggregationOp> = new Set<AggregationOp>(['sum', 'avg', 'min', 'max', 'quantile'])

/** Rows of one metric. Those of a tier give sums, or numbers of samples, and not both. */
export interface WindowSource {
  readonly gives: SlottedRows['gives']
  readonly series: readonly FoundSeries[]
  /** A query of SQL for the columns of `numberRows`. */
  readonly rows: string
}

/** True if {@link aggregatedWindows} may have the result. */
export function hasAggregatedWindows(request: GridRequest): boolean {
  const { func, aggregate } = request
  return aggregate !== undefined && AGGREGATIONS.has(aggregate.op) && func in VALUES && layoutOf(request) !== undefined
}

/**
 * The result of an aggregation over the windows of each series: only the groups' values leave ClickHouse. Undefined if they are
 * too many at once, or not all finite.
 */
export async function aggregatedWindows(
  statements: Statements,
  request: GridRequest,
  sources: readonly WindowSource[],
  signal: AbortSignal
): Promise<GridSeries[] | undefined> {
  const layout = layoutOf(request)
  const [{ series }] = sources
  const groups = gridOutputs(series, request)
  const own = gridOutputs(series, { ...request, aggregate: undefined })
  if (layout === undefined || groups === undefined || own === undefined || own.hasBounds) return undefined
  if (own.labels.length * layout.spans > MOST_VALUES) return undefined
  const slots = new Map(own.labels.map(({ key }, slot) => [key, slot]))
  const slotted = sources.map(({ gives, series: ofSource, rows }): SlottedRows => {
    if (ofSource === series) return { gives, rows, slots: own }
    const known = ofSource.filter(({ nameless }) => slots.has(nameless.key))
    const numbers = Uint32Array.from(known, ({ nameless }) => slots.get(nameless.key)!)
    return { gives, rows, slots: { ids: known.map(({ id }) => id), numbers } }
  })
  const groupOf = new Uint32Array(own.labels.length)
  for (const [i, slot] of own.numbers.entries()) groupOf[slot] = groups.numbers[i]
  const grids = gridsOf(
    await statements.askTogether(aggregatedSql(request, layout, slotted, groupOf), signal),
    request,
    groups
  )
  // Sums beyond all numbers are for the engine.
  return grids?.some(({ values, absent }) => values.some((value, i) => Number.isNaN(value) && absent?.[i] !== 1))
    ? undefined
    : grids
}

/** Undefined if windows do not consist of a few whole steps. */
function layoutOf({ start, end, stepMs, rangeMs }: GridRequest): AggregatedWindows | undefined {
  const isApart = start === end || stepMs >= rangeMs
  const windows = start === end ? 1 : Math.floor((end - start) / stepMs) + 1
  const width = isApart ? 1 : rangeMs / stepMs
  if (!Number.isInteger(width) || width > WIDEST) return undefined
  const lengthMs = start === end ? rangeMs : stepMs
  return { origin: start - rangeMs, lengthMs, windows, width, spans: windows + width - 1 }
}
