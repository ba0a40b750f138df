import type { BinaryExpr, VectorMatching } from '../../ast.ts'
import { newRow, type Query } from '../query.ts'
import { copyCell, FLOAT, NONE, type Row } from '../rows.ts'
import type { Times } from '../times.ts'
import { checkOneSide } from './duplicates.ts'
import { type MatchGroup, matchGroups } from './match-group.ts'
import { PairOperation } from './pair-operation.ts'

/** An operator between the series of two vectors, those with the same match labels with each other. */
export async function matchedRows(
  query: Query,
  expr: BinaryExpr,
  lhs: readonly Row[],
  rhs: readonly Row[],
  times: Times
): Promise<Row[]> {
  const matching = expr.matching!
  const [many, one] = matching.card === 'one-to-many' ? [rhs, lhs] : [lhs, rhs]
  const groups = matchGroups(matching, many, one)
  for (const group of groups) checkOneSide(group, matching, many, times.count)
  const operation = new PairOperation(query, expr, times)
  for (const group of groups) {
    operation.begin(group)
    for (const [left, right] of pairsOf(query, group, matching, times)) {
      if (query.turns.due) await query.turns.next()
      operation.apply(left, right)
    }
  }
  return operation.results
}

/**
 * All pairs of a group, each `many` row first. A row of the fill value stands for the side that has no sample. As in
 * Prometheus, `fill_left` is about the side of many and `fill_right` about the side of one, also with `group_right`.
 */
function* pairsOf(query: Query, group: MatchGroup, matching: VectorMatching, times: Times): Generator<[Row, Row]> {
  for (const one of group.many.length === 0 ? [] : joinedRows(query, group.one, matching.include, times))
    for (const many of group.many) yield [many, one]
  const { fillLeft, fillRight } = matching
  if (fillRight !== undefined && group.many.length > 0) {
    const filled = filledRow(query, group, group.one, fillRight, times)
    for (const many of group.many) yield [many, filled]
  }
  if (fillLeft !== undefined && group.one.length > 0) {
    const filled = filledRow(query, group, group.many, fillLeft, times)
    for (const one of group.one) yield [filled, one]
  }
}

/** Rows that follow each other in time become one, if they give the same labels to the result: there are fewer pairs. */
function joinedRows(query: Query, rows: readonly Row[], include: readonly string[], times: Times): Row[] {
  if (rows.length < 2) return [...rows]
  const names = new Set(include)
  const joined = new Map<string, Row>()
  for (const row of rows) {
    const labels = row.labels.only(names)
    const target = joined.get(labels.key) ?? newRow(query, times, labels, false)
    joined.set(labels.key, target)
    for (let i = 0; i < times.count; i++) if (row.kinds[i] !== NONE) copyCell(row, i, target, i)
  }
  return Array.from(joined.values())
}

/** A row with the fill value where none of `rows` has a sample. */
function filledRow(query: Query, group: MatchGroup, rows: readonly Row[], fill: number, times: Times): Row {
  const row = newRow(query, times, group.labels, false)
  row.values.fill(fill)
  for (let i = 0; i < times.count; i++) if (rows.every(({ kinds }) => kinds[i] === NONE)) row.kinds[i] = FLOAT
  return row
}
