import { type Labels, METRIC_NAME } from '../labels.ts'
import { QueryError } from '../query-error.ts'
import { newRow, type Query } from './query.ts'
import { copyCell, NONE, type Row } from './rows.ts'
import type { Times } from './times.ts'

/** Labels that describe the metric itself. Results that are not the metric any more drop them. */
const METRIC_LABELS: readonly string[] = [METRIC_NAME, '__type__', '__unit__']
const METRIC_LABEL_SET: ReadonlySet<string> = new Set(METRIC_LABELS)

/** Two results with the same labels at the same time. */
export function sameLabelsError(): QueryError {
  return new QueryError('execution', 'vector cannot contain metrics with the same labelset')
}

/** Rows with results that are not the metric itself any more: its name goes, at once or at the end of the query. */
export function unnamedRows(query: Query, times: Times, rows: readonly Row[]): Row[] {
  if (query.options.delayedNameRemoval) return rows.map(row => ({ ...row, dropName: true }))
  const renamed = rows.map(row => ({ ...row, labels: withoutMetricLabels(row.labels) }))
  return haveSameMetric(rows) ? renamed : mergedRows(query, times, renamed)
}

/**
 * Rows with the same labels become one: functions that drop or change labels make such rows. Throws a
 * {@link QueryError} if two of them have a sample at the same time.
 */
export function mergedRows(query: Query, times: Times, rows: readonly Row[]): Row[] {
  const merged = new Map<string, Row>()
  const own = new Set<Row>()
  for (const row of rows) {
    const { key } = row.labels
    const known = merged.get(key)
    if (known === undefined) {
      merged.set(key, row)
      continue
    }
    const target = own.has(known) ? known : copyOf(query, times, known)
    own.add(target)
    merged.set(key, target)
    addCells(row, target)
  }
  return Array.from(merged.values())
}

export function withoutMetricLabels(labels: Labels): Labels {
  return labels.without(METRIC_LABEL_SET)
}

/** Then series stay different without the metric's labels. */
export function haveSameMetric(rows: readonly { readonly labels: Labels }[]): boolean {
  const [first] = rows
  return METRIC_LABELS.every(name => rows.every(({ labels }) => labels.get(name) === first!.labels.get(name)))
}

function copyOf(query: Query, times: Times, row: Row): Row {
  const copy = newRow(query, times, row.labels, row.dropName)
  addCells(row, copy)
  return copy
}

function addCells(from: Row, to: Row): void {
  for (let i = 0; i < from.kinds.length; i++) {
    if (from.kinds[i] === NONE) continue
    if (to.kinds[i] !== NONE) throw sameLabelsError()
    copyCell(from, i, to, i)
  }
}
