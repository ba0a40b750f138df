import type { Aggregation } from '../../ast.ts'
import { plainFloat } from '../../float-text.ts'
import { histogramText } from '../../histogram/text.ts'
import { checkLabelName } from '../label-name.ts'
import { unwrapped } from '../plan.ts'
import { newRow, type Query } from '../query.ts'
import { FLOAT, HISTOGRAM, NONE, type Row } from '../rows.ts'
import type { Times } from '../times.ts'
import { groupLabels } from './grouping.ts'

/** How often each value is there, as a series of its own with the value as a label. */
export async function countValues(
  query: Query,
  expr: Aggregation,
  label: string,
  rows: readonly Row[],
  times: Times
): Promise<Row[]> {
  checkLabelName(label, unwrapped(expr.param!), query.options.text)
  const labelsOf = groupLabels(expr.without ? expr.grouping : [...expr.grouping, label], expr.without)
  const results = new Map<string, Row>()
  for (const row of rows) {
    if (query.turns.due) await query.turns.next()
    const byText = new Map<string, Row>()
    const resultOf = (text: string) => {
      const known = byText.get(text)
      if (known !== undefined) return known
      const labels = labelsOf(row.labels.with([[label, text]]))
      const result = results.get(labels.key) ?? newRow(query, times, labels, false)
      byText.set(text, result)
      results.set(labels.key, result)
      return result
    }
    for (let step = 0; step < times.count; step++) {
      if (row.kinds[step] === NONE) continue
      const result = resultOf(textOf(row, step))
      result.kinds[step] = FLOAT
      result.values[step]!++
    }
  }
  return Array.from(results.values())
}

function textOf(row: Row, step: number): string {
  return row.kinds[step] === HISTOGRAM ? histogramText(row.histograms![step]!) : plainFloat(row.values[step]!)
}
