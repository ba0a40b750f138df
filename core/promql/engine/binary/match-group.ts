import type { VectorMatching } from '../../ast.ts'
import { type Labels, METRIC_NAME } from '../../labels.ts'
import type { Row } from '../rows.ts'

/** Partners: rows of both sides with the same match labels. */
export interface MatchGroup {
  readonly labels: Labels
  /** Of the side that may have many rows at one time. One-to-one: the left side. */
  readonly many: Row[]
  /** Of the side with at most one row at a time. */
  readonly one: Row[]
}

/** The labels by which series of both sides are partners. */
export function matchLabels({ labels, on }: VectorMatching): (labels: Labels) => Labels {
  const names = new Set(on ? labels : [...labels, METRIC_NAME])
  return on ? own => own.only(names) : own => own.without(names)
}

export function matchGroups(matching: VectorMatching, many: readonly Row[], one: readonly Row[]): MatchGroup[] {
  const labelsOf = matchLabels(matching)
  const groups = new Map<string, MatchGroup>()
  const groupOf = (row: Row) => {
    const labels = labelsOf(row.labels)
    const known = groups.get(labels.key)
    if (known !== undefined) return known
    const group: MatchGroup = { labels, many: [], one: [] }
    groups.set(labels.key, group)
    return group
  }
  for (const row of many) groupOf(row).many.push(row)
  for (const row of one) groupOf(row).one.push(row)
  return Array.from(groups.values())
}
