import type { Labels } from '../../labels.ts'
import { compareNaturally } from '../natural-order.ts'
import { FLOAT, NONE, type Row } from '../rows.ts'
import { vectorOf } from '../value.ts'
import { rowsArg, stringArg, type VectorCall, type VectorFunction } from './vector-function.ts'

export const sort: VectorFunction = call => sortedByValue(call, (a, b) => a - b)

export const sortDesc: VectorFunction = call => sortedByValue(call, (a, b) => b - a)

export const sortByLabel: VectorFunction = call => sortedByLabels(call, 1)

export const sortByLabelDesc: VectorFunction = call => sortedByLabels(call, -1)

/** Without histograms. NaN comes last in both orders. */
function sortedByValue(call: VectorCall, compare: (a: number, b: number) => number) {
  const rows = rowsArg(call, 0)
    .map(withoutHistograms)
    .filter(row => row.kinds.includes(FLOAT))
  if (!isOrdered(call)) return vectorOf(rows)
  return vectorOf(
    rows.sort((a, b) => {
      const [left, right] = [a.values[0]!, b.values[0]!]
      if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right))
      return compare(left, right)
    })
  )
}

function sortedByLabels(call: VectorCall, direction: 1 | -1) {
  const names = call.args.slice(1).map((_, index) => stringArg(call, index + 1))
  const rows = rowsArg(call, 0)
  if (!isOrdered(call)) return vectorOf(rows)
  return vectorOf(rows.toSorted((a, b) => direction * compareBy(names, a.labels, b.labels)))
}

/** Only the result of one time has an order. */
function isOrdered(call: VectorCall): boolean {
  if (call.times.count === 1) return true
  call.query.remarks.warnAt(
    call.span,
    'sort is ineffective for range queries since results are always ordered by labels'
  )
  return false
}

function withoutHistograms(row: Row): Row {
  if (row.histograms === undefined) return row
  return { ...row, histograms: undefined, kinds: row.kinds.map(kind => (kind === FLOAT ? FLOAT : NONE)) }
}

/** By the labels of these names, then by all. */
function compareBy(names: readonly string[], a: Labels, b: Labels): number {
  for (const name of names) {
    const order = compareNaturally(a.get(name), b.get(name))
    if (order !== 0) return order
  }
  return a.compare(b)
}
