import { Labels, METRIC_NAME } from '../../../core/promql/labels.ts'
import type { Matcher } from '../../../core/promql/matcher.ts'
import type { FamilyMetadata, QueryLimits } from '../../../core/promql/sample-store.ts'
import { targetInfoLabels } from '../../../core/wire/prometheus/labels.ts'
import { NAMING } from './naming.ts'
import { checkSamples } from './number-samples.ts'
import type { SampleParts } from './sample-parts.ts'
import type { Selector } from './selector.ts'
import { checkSeries } from './series-index.ts'
import { dayOf, idList, quotedList, secondsOf, timeText } from './sql-text.ts'
import type { Statements } from './statements.ts'
import { pairsAt } from './stored-series.ts'

const NAME = 'target_info'
/** Series of a resource whose samples show that it was there: the last seen, the first, and the one seen longest. */
const WITNESSES = [
  ['argMax', 'last_seen'],
  ['argMin', 'first_seen'],
  ['argMax', 'last_seen - first_seen']
] as const

export const TARGET_INFO: FamilyMetadata = { family: NAME, type: 'gauge', help: 'Target metadata', unit: '' }

/** A resource that says more of its target than its name. */
interface Target {
  readonly labels: Labels
  /** Some of its series, and the names of their metrics. */
  readonly names: readonly string[]
  readonly ids: readonly bigint[]
}

export const isTargetInfo = (matchers: readonly Matcher[]) =>
  matchers.every(matcher => matcher.name !== METRIC_NAME || matcher.matches(NAME))

/** The series `target_info` of resources, each of which was there when some of its series were. */
export class TargetInfo {
  readonly #database: string
  readonly #statements: Statements

  constructor(database: string, statements: Statements) {
    this.#database = database
    this.#statements = statements
  }

  /** @param start, end Unix ms, as in `FindRequest` */
  async find(
    selector: Selector,
    { start, end, limits }: { readonly start: number; readonly end: number | undefined; readonly limits: QueryLimits },
    signal: AbortSignal
  ): Promise<Target[]> {
    const begun = end === undefined ? '1' : `min(first_seen) <= toDateTime(${secondsOf(end)})`
    const witnesses = WITNESSES.map(([pick, by], i) => {
      const one = `${pick}((CAST(s.name, 'String'), s.series_id), ${by})`
      return `tupleElement(${one}, 1) AS name${i}, tupleElement(${one}, 2) AS id${i}`
    })
    const blocks = await this.#statements.ask(
      `SELECT CAST(s.resource, 'Map(String, String)') AS target, ${witnesses.join(', ')} FROM ${this.#database}.series AS s
       WHERE length(s.resource) > 0 AND ${selector.prefilter()} GROUP BY target
       HAVING max(last_seen) >= toDateTime(${dayOf(start)}) AND ${begun}`,
      signal
    )
    const targets: Target[] = []
    for (const block of blocks)
      for (let row = 0; row < block.rows; row++) {
        const resource = pairsAt(block.list('target'), row)
        const labels = targetInfoLabels({ attributes: resource, schemaUrl: '' }, NAMING)
        if (labels === undefined) continue
        const named = Labels.of([...labels, [METRIC_NAME, NAME]])
        if (!selector.matches({ attributes: [], resource }, named, undefined)) continue
        const names = WITNESSES.map((_, i) => block.texts(`name${i}`)[row])
        targets.push({ labels: named, names, ids: WITNESSES.map((_, i) => block.ids(`id${i}`)[row]) })
        checkSeries(targets.length, limits)
      }
    return targets
  }

  /** Adds a sample of each minute to `parts`. Returns their number. */
  async load(
    targets: readonly Target[],
    { after, until, limits }: { readonly after: number; readonly until: number; readonly limits: QueryLimits },
    parts: SampleParts,
    signal: AbortSignal
  ): Promise<number> {
    if (targets.length === 0) return 0
    const names = quotedList([...new Set(targets.flatMap(target => target.names))])
    const ids = idList([...new Set(targets.flatMap(target => target.ids))])
    const rows = ['samples', 'distributions'].map(
      table => `SELECT series_id, time FROM ${this.#database}.${table} WHERE name IN ${names} AND series_id IN ${ids}
        AND time >= ${timeText(after + 1)} AND time < ${timeText(until + 1)} AND bitAnd(flags, 1) = 0`
    )
    const blocks = await this.#statements.ask(
      `SELECT series_id, toFloat64(toUnixTimestamp64Micro(max(time))) AS micros FROM (${rows.join(' UNION ALL ')})
       GROUP BY series_id, toStartOfMinute(time) LIMIT ${limits.maxSamples + 1}`,
      signal
    )
    const times = Map.groupBy(
      blocks.flatMap(block =>
        Array.from(block.ids('series_id'), (id, row) => [id, block.numbers('micros')[row]] as const)
      ),
      ([id]) => id
    )
    let samples = 0
    for (const { labels, ids } of targets) {
      const micros = Float64Array.from(new Set(ids.flatMap(id => times.get(id)?.map(([, at]) => at) ?? [])))
      if (micros.length === 0) continue
      samples += micros.length
      checkSamples(samples, limits)
      parts.add(labels, { micros, values: micros.map(() => 1), stale: undefined, histograms: undefined })
    }
    return samples
  }
}
