import type { Call } from '../../ast.ts'
import { METRIC_NAME } from '../../labels.ts'
import { Matcher } from '../../matcher.ts'
import { QueryError } from '../../query-error.ts'
import type { SelectedSeries } from '../../sample-store.ts'
import { sampleTimeRows } from '../instant-selector.ts'
import { shiftedTimes } from '../plan.ts'
import { newRow, type Query } from '../query.ts'
import { copyCell, NONE, type Row } from '../rows.ts'
import { lastTime, type Times } from '../times.ts'
import { InfoJoin } from './join.ts'
import { type InfoSelection, infoSelection } from './selection.ts'

/** Labels by which a series and its info metrics belong together. */
const IDENTIFYING: readonly string[] = ['instance', 'job']
/** More values than these make no condition for the store: its answer is sorted out here. */
const MOST_VALUES = 200
/** Characters that mean something in regular expressions. */
const SPECIAL = /[.*+?^${}()|[\]\\]/g

/**
 * The function `info`: series with labels of info metrics of the same job and instance:
 * https://prometheus.io/docs/prometheus/latest/querying/functions/#info
 */
export async function infoRows(query: Query, call: Call, rows: readonly Row[], times: Times): Promise<Row[]> {
  const selection = infoSelection(call.args)
  const isInfo = (row: Row) => selection.names.every(matcher => matcher.matches(row.labels.get(METRIC_NAME)))
  const joined = rows.filter(row => !isInfo(row))
  const series = await infoSeries(query, selection, joined, times)
  const infos = await sampleTimeRows(query, selection.shift, series, times)
  const join = new InfoJoin(IDENTIFYING, selection.labels, infos)
  const results = new Map<string, Row>()
  for (const row of rows) {
    if (query.turns.due) await query.turns.next()
    const enriched = isInfo(row) ? undefined : join.enrich(row)
    for (let step = 0; step < times.count; step++) {
      if (row.kinds[step] === NONE) continue
      const labels = enriched === undefined ? row.labels : enriched(step)
      if (labels === undefined) continue
      const result = results.get(labels.key) ?? newRow(query, times, labels, row.dropName)
      results.set(labels.key, result)
      if (result.kinds[step] !== NONE)
        throw new QueryError('execution', 'vector cannot contain metrics with the same labelset')
      copyCell(row, step, result, step)
    }
  }
  return Array.from(results.values())
}

/** Info metrics that may belong to `rows`. */
async function infoSeries(
  query: Query,
  selection: InfoSelection,
  rows: readonly Row[],
  times: Times
): Promise<SelectedSeries[]> {
  const identity = IDENTIFYING.flatMap(name => identityMatcher(name, rows))
  if (identity.length === 0) return []
  const seen = shiftedTimes(selection.shift, times, query.settings)
  const { limits, lookbackMs, signal } = query.options
  const series = await query.store.select(
    {
      matchers: [...selection.names, ...selection.labels, ...identity],
      after: seen.start - lookbackMs,
      until: lastTime(seen),
      stepMs: query.stepMs,
      rangeMs: lookbackMs,
      func: 'info',
      limits
    },
    query.remarks,
    signal
  )
  query.budget.checkSeries(series.length)
  for (const { labels, times: own, histograms } of series) {
    if (histograms !== undefined)
      throw new QueryError('execution', `this should be an info metric, with float samples: ${labels}`)
    query.budget.take(own.length)
  }
  return series
}

function identityMatcher(name: string, rows: readonly Row[]): Matcher[] {
  const values = new Set(rows.map(({ labels }) => labels.get(name)).filter(value => value !== ''))
  if (values.size === 0) return []
  if (values.size > MOST_VALUES) return [new Matcher(name, '!=', '')]
  return [new Matcher(name, '=~', Array.from(values, value => value.replace(SPECIAL, '\\$&')).join('|'))]
}
