import { type Labels, METRIC_NAME } from '../promql/labels.ts'
import type { FamilyMetadata } from '../promql/sample-store.ts'

/** An answer that may have been cut off. */
export interface Cut<T> {
  readonly data: T
  readonly warnings: readonly string[]
}

export function labelNames(series: readonly Labels[], limit: number): Cut<string[]> {
  const names = new Set(series.flatMap(({ pairs }) => pairs.map(([name]) => name)))
  return cut([...names].sort(), limit)
}

export function labelValues(series: readonly Labels[], label: string, limit: number): Cut<string[]> {
  const values = new Set(series.map(labels => labels.get(label)))
  values.delete('')
  return cut([...values].sort(), limit)
}

/** By family; a family of several kinds of metrics has several entries. */
export function metadataByFamily(
  families: readonly FamilyMetadata[],
  metric: string | undefined,
  limit: number
): Record<string, object[]> {
  const byFamily = new Map<string, object[]>()
  for (const { family, ...entry } of families) {
    if (metric !== undefined && family !== metric) continue
    const known = byFamily.get(family)
    if (known !== undefined) known.push(entry)
    else if (limit === 0 || byFamily.size < limit) byFamily.set(family, [entry])
  }
  return Object.fromEntries(byFamily)
}

/** The series with the most of everything, as `/api/v1/status/tsdb` of Prometheus. */
export function cardinality(series: readonly Labels[], limit: number, start: number, end: number): object {
  const byMetric = new Map<string, number>()
  const valuesByLabel = new Map<string, Set<string>>()
  const byPair = new Map<string, number>()
  let pairs = 0
  for (const labels of series) {
    add(byMetric, labels.get(METRIC_NAME), 1)
    for (const [name, value] of labels.pairs) {
      const values = valuesByLabel.get(name)
      if (values === undefined) valuesByLabel.set(name, new Set([value]))
      else values.add(value)
      add(byPair, `${name}=${value}`, 1)
    }
  }
  for (const { size } of valuesByLabel.values()) pairs += size
  const values = new Map(Array.from(valuesByLabel, ([name, own]) => [name, own.size]))
  const bytes = new Map(
    Array.from(valuesByLabel, ([name, own]) => [name, [...own].reduce((sum, { length }) => sum + length, 0)])
  )
  return {
    headStats: { numSeries: series.length, numLabelPairs: pairs, chunkCount: 0, minTime: start, maxTime: end },
    seriesCountByMetricName: most(byMetric, limit),
    labelValueCountByLabelName: most(values, limit),
    memoryInBytesByLabelName: most(bytes, limit),
    seriesCountByLabelValuePair: most(byPair, limit)
  }
}

/** The first ones, with a warning if there are more. @param limit 0: all */
export function cut<T>(entries: T[], limit: number): Cut<T[]> {
  if (limit === 0 || entries.length <= limit) return { data: entries, warnings: [] }
  return { data: entries.slice(0, limit), warnings: ['results truncated due to limit'] }
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count)
}

function most(counts: ReadonlyMap<string, number>, limit: number): { name: string; value: number }[] {
  const entries = Array.from(counts, ([name, value]) => ({ name, value }))
  return entries.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1)).slice(0, limit)
}
