import type { Labels } from '../../promql/labels.ts'
import type { ExpectedAlert } from './rule-test.ts'

/** How alerts differ from expected ones, in any order: one line a difference. */
export function alertDifferences(expected: readonly ExpectedAlert[], seen: readonly ExpectedAlert[]): string[] {
  const left = grouped(seen)
  const lines: string[] = []
  const missing = expected.filter(alert => !takeEqual(left, alert))
  for (const alert of missing) {
    const other = left.get(alert.labels.key)?.pop()
    if (other === undefined) lines.push(`missing:    ${alertText(alert)}`)
    else lines.push(...annotationLines(alert.labels, alert.annotations, other.annotations))
  }
  for (const alert of [...left.values()].flat()) lines.push(`unexpected: ${alertText(alert)}`)
  return lines
}

/** By their labels. */
function grouped(alerts: readonly ExpectedAlert[]): Map<string, ExpectedAlert[]> {
  return new Map(Map.groupBy(alerts, ({ labels }) => labels.key))
}

function takeEqual(left: Map<string, ExpectedAlert[]>, { labels, annotations }: ExpectedAlert): boolean {
  const alike = left.get(labels.key) ?? []
  const at = alike.findIndex(alert => alert.annotations.key === annotations.key)
  if (at >= 0) alike.splice(at, 1)
  return at >= 0
}

function annotationLines(labels: Labels, expected: Labels, seen: Labels): string[] {
  const names = new Set([...expected.pairs, ...seen.pairs].map(([name]) => name))
  const different = [...names].filter(name => expected.get(name) !== seen.get(name))
  return different.flatMap(name => [
    `annotation ${name} of ${labels}`,
    `  expected: ${JSON.stringify(expected.get(name))}`,
    `  got:      ${JSON.stringify(seen.get(name))}`
  ])
}

const alertText = ({ labels, annotations }: ExpectedAlert) => `${labels} annotations ${annotations}`
