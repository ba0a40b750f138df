import { formatPosition } from '../config/problems.ts'
import type { ExpectedRow } from './config-test.ts'
import { aligned, type Row } from './table.ts'

const MOST_LINES = 100

/**
 * How rows differ from expected ones, in any order: a table with a line for each row that is missing, unexpected, or has
 * other figures. Empty if they are as expected.
 */
export function tableDifferences(expected: readonly ExpectedRow[], seen: readonly Row[]): string[] {
  const left = [...seen]
  const unmet = expected.filter(
    row => takeFrom(left, other => isLike(row, other) && hasFigures(row, other)) === undefined
  )
  const pairs = unmet.map(row => ({ row, other: takeFrom(left, other => isLike(row, other)) }))
  if (pairs.length === 0 && left.length === 0) return []
  const columns = columnsOf(expected, left)
  const lines = [
    ...pairs.map(({ row, other }) => [
      other === undefined ? 'missing' : 'different',
      ...columns.map(column => comparedCell(column, row, other)),
      formatPosition(row.position)
    ]),
    ...left.map(row => ['unexpected', ...columns.map(column => cellOf(column, row)), ''])
  ]
  const table = aligned([['', ...columns, ''], ...lines.slice(0, MOST_LINES)])
  return lines.length <= MOST_LINES ? table : [...table, `… and ${lines.length - MOST_LINES} more`]
}

function takeFrom(rows: Row[], fits: (row: Row) => boolean): Row | undefined {
  const at = rows.findIndex(fits)
  return at < 0 ? undefined : rows.splice(at, 1)[0]
}

function isLike({ cells }: ExpectedRow, seen: Row): boolean {
  return Object.entries(cells).every(([column, cell]) => (seen.cells[column] ?? '') === cell)
}

function hasFigures(expected: ExpectedRow, seen: Row): boolean {
  return Object.keys(expected.figures).every(column => isClose(expected, column, seen))
}

function isClose({ figures, tolerance }: ExpectedRow, column: string, seen: Row): boolean {
  const wanted = figures[column]
  const got = seen.figures[column] ?? Number.NaN
  return Object.is(wanted, got) || wanted === got || Math.abs(wanted - got) <= Math.abs(wanted) * tolerance
}

/** Those of expected rows, or without such rows those that were seen. Texts that are empty everywhere are left out. */
function columnsOf(expected: readonly ExpectedRow[], seen: readonly Row[]): string[] {
  const rows = expected.length > 0 ? expected : seen
  const cells = [...new Set(rows.flatMap(row => Object.keys(row.cells)))]
  const isShown = (column: string) => [...expected, ...seen].some(row => (row.cells[column] ?? '') !== '')
  return [...cells.filter(isShown), ...new Set(rows.flatMap(row => Object.keys(row.figures)))]
}

function comparedCell(column: string, row: ExpectedRow, other: Row | undefined): string {
  const wanted = cellOf(column, row)
  if (other === undefined || row.figures[column] === undefined || isClose(row, column, other)) return wanted
  return `${wanted}, got ${cellOf(column, other) || 'none'}`
}

const cellOf = (column: string, { cells, figures }: Row): string =>
  cells[column] ?? (figures[column] === undefined ? '' : String(figures[column]))
