import { Labels, METRIC_NAME } from '../../labels.ts'
import type { Row } from '../rows.ts'

/** Rows by their groups, in the order in which these were seen. */
export interface Group {
  /** Labels of the group's result. */
  readonly labels: Labels
  readonly rows: Row[]
}

/** The labels by which rows are grouped. */
export type GroupLabels = (labels: Labels) => Labels

/** `names` are the labels to keep; or with `without`, the labels to remove, together with the metric's name. */
export function groupLabels(names: readonly string[], without: boolean): GroupLabels {
  const set = new Set(without ? [...names, METRIC_NAME] : names)
  if (without) return labels => labels.without(set)
  return set.size === 0 ? () => Labels.NONE : labels => labels.only(set)
}

export function groupsOf(rows: readonly Row[], labelsOf: GroupLabels): Group[] {
  const groups = new Map<string, Group>()
  for (const row of rows) {
    const labels = labelsOf(row.labels)
    const group = groups.get(labels.key)
    if (group === undefined) groups.set(labels.key, { labels, rows: [row] })
    else group.rows.push(row)
  }
  return Array.from(groups.values())
}
