import { Labels, METRIC_NAME } from '../../../core/promql/labels.ts'
import type { Matcher } from '../../../core/promql/matcher.ts'
import type { FamilyMetadata, QueryLimits, SelectedSeries } from '../../../core/promql/sample-store.ts'
import { targetInfoLabels } from '../../../core/wire/prometheus/labels.ts'
import { NAMING } from './naming.ts'
import { checkSeries } from './series-index.ts'
import type { Statements } from './statements.ts'
import { pairsAt } from './stored-series.ts'

const NAME = 'target_info'
/** Also the interval at which the exporter `victoriametrics` sends it. */
const INTERVAL_MS = 60_000
/** The time when a series was seen last is written once a day. */
const DAY_MS = 86_400_000

export const TARGET_INFO: FamilyMetadata = { family: NAME, type: 'gauge', help: 'Target metadata', unit: '' }

interface Target {
  readonly labels: Labels
  /** Unix ms. */
  readonly first: number
  readonly last: number
}

/** What resources to find, and in which tables. */
export interface TargetRequest {
  readonly matchers: readonly Matcher[]
  readonly database: string
  readonly suffix: string
  /** Unix ms. */
  readonly after: number
  readonly until: number
  readonly limits: QueryLimits
}

/** True if the selector may mean `target_info`. */
export function mayBeTargetInfo(matchers: readonly Matcher[]): boolean {
  return matchers.every(matcher => matcher.name !== METRIC_NAME || matcher.matches(NAME))
}

/** The label sets of resources, as series named `target_info`. */
export async function targetLabels(statements: Statements, request: TargetRequest, signal: AbortSignal) {
  return (await targets(statements, request, signal)).map(({ labels }) => labels)
}

/**
 * Resources as series of the value 1: their attributes for joins by `job` and `instance`. They are read of the series,
 * for which only the first and the last day are known, so one goes on until a day after its last series.
 */
export async function targetInfo(statements: Statements, request: TargetRequest, signal: AbortSignal) {
  const found = await targets(statements, request, signal)
  return found.map(({ labels, first, last }): SelectedSeries => {
    const begin = Math.max(0, Math.ceil((request.after + 1 - first) / INTERVAL_MS))
    const count = Math.max(0, Math.floor((Math.min(request.until, last + DAY_MS) - first) / INTERVAL_MS) - begin + 1)
    const times = Float64Array.from({ length: count }, (_, i) => first + (begin + i) * INTERVAL_MS)
    return { labels, times, values: new Float64Array(count).fill(1), histograms: undefined, stale: undefined }
  })
}

async function targets(
  statements: Statements,
  { matchers, database, suffix, after, until, limits }: TargetRequest,
  signal: AbortSignal
): Promise<Target[]> {
  const blocks = await statements.ask(
    `SELECT resource, toFloat64(min(first_seen)) AS first, toFloat64(max(last_seen)) AS last FROM ${database}.series${suffix}
     WHERE notEmpty(resource) GROUP BY resource
     HAVING max(last_seen) >= toDateTime(${seconds(after - DAY_MS)}) AND min(first_seen) <= toDateTime(${seconds(until)})`,
    signal
  )
  const found = new Map<string, Target>()
  for (const block of blocks) {
    const resources = block.list('resource')
    const [firsts, lasts] = ['first', 'last'].map(column => block.numbers(column))
    for (let row = 0; row < block.rows; row++) {
      const labels = labelsOf(pairsAt(resources, row))
      if (labels === undefined || !matchers.every(matcher => matcher.matches(labels.get(matcher.name)))) continue
      found.set(labels.key, { labels, first: firsts[row] * 1000, last: lasts[row] * 1000 })
      checkSeries(found.size, limits)
    }
  }
  return [...found.values()]
}

function labelsOf(resource: [string, string][]): Labels | undefined {
  const labels = targetInfoLabels({ attributes: resource, schemaUrl: '' }, NAMING)
  return labels && Labels.of([...labels, [METRIC_NAME, NAME]])
}

const seconds = (ms: number) => Math.min(2 ** 32 - 1, Math.max(0, Math.floor(ms / 1000)))
