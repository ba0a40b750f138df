import type { Metric, MetricKind, Temporality } from '../../../core/model/series.ts'
import type { FamilyMetadata } from '../../../core/promql/sample-store.ts'
import { metricName } from '../../../core/wire/prometheus/metric-names.ts'
import { unitWords } from '../../../core/wire/prometheus/units.ts'
import { classicComponents } from './classic-components.ts'
import { NAMING } from './naming.ts'
import { Remembered } from './remembered.ts'
import type { StoreConfig } from './request.ts'
import { quoted } from './sql-text.ts'
import type { Statements } from './statements.ts'

/** New metrics are found so long after their first point, since all series are looked at for them. */
const FRESH_MS = 5000
const MOST_TABLES = 16
const SECOND_MS = 1000

/**
 * How stored values become samples. `value`: as they are; `increments`: so too, but those of one time are added;
 * `running`: their running sum.
 */
export type Reading = 'value' | 'increments' | 'running'

/** A metric as its series have it. Several may have one name. */
export interface StoredMetric extends Metric {
  /** The name of its Prometheus family, before suffixes such as `_bucket`. */
  readonly family: string
  /** True if it is a part of a classic histogram or a summary, such as `…_bucket`. */
  readonly isComponent: boolean
  readonly reading: Reading
  /** Unix ms: when a series of it was seen first, and one of them was seen on its last day. */
  readonly firstSeen: number
  readonly lastSeen: number
}

/** Tells metrics of one name apart. */
export const metricKey = ({ name, kind, temporality, unit }: Metric) =>
  `${kind} ${temporality} ${unit.length} ${unit}${name}`

/** The metrics of tables `series…`, known for some seconds. */
export class Catalog {
  readonly #config: StoreConfig
  readonly #statements: Statements
  readonly #known: Remembered<readonly StoredMetric[]>

  constructor(config: StoreConfig, statements: Statements) {
    this.#config = config
    this.#statements = statements
    this.#known = new Remembered(statements, {
      of: 'series',
      maxWeight: MOST_TABLES,
      weightOf: () => 1,
      freshMs: FRESH_MS
    })
  }

  /** Metrics of the tables with this suffix; none if there are no such tables. */
  metrics(suffix: string, signal: AbortSignal): Promise<readonly StoredMetric[]> {
    return this.#known.get(suffix, until => this.#read(suffix, until), signal)
  }

  async #read(suffix: string, signal: AbortSignal): Promise<readonly StoredMetric[]> {
    const { database } = this.#config
    const table = `series${suffix}`
    const [found] = await this.#statements.ask(
      `SELECT count() AS tables FROM system.tables WHERE database = ${quoted(database)} AND name = ${quoted(table)}`,
      signal
    )
    if (Number(found.ids('tables')[0]) === 0) return []
    const texts = ['name', 'kind', 'temporality', 'unit'].map(column => `CAST(${column}, 'String') AS ${column}`)
    const blocks = await this.#statements.ask(
      `SELECT ${texts.join(', ')}, toString(anyLast(s.description)) AS description,
         toUnixTimestamp(min(first_seen)) AS first, toUnixTimestamp(max(last_seen)) AS last FROM ${database}.${table} AS s
       GROUP BY name, kind, temporality, unit`,
      signal
    )
    const metrics = blocks.flatMap(block =>
      Array.from({ length: block.rows }, (_, row) => {
        const text = (column: string) => block.texts(column)[row]
        const metric: Metric = {
          name: text('name'),
          kind: text('kind') as MetricKind,
          temporality: text('temporality') as Temporality,
          unit: text('unit'),
          description: text('description')
        }
        const [firstSeen, lastSeen] = ['first', 'last'].map(column => block.numbers(column)[row] * SECOND_MS)
        return { ...metric, firstSeen, lastSeen }
      })
    )
    const components = classicComponents(metrics)
    return metrics.map(metric => {
      const isComponent = metric.kind === 'counter' && components.has(metric.name)
      const family = isComponent ? metric.name : metricName(metric, NAMING.strategy)
      return { ...metric, family, isComponent, reading: 'value' }
    })
  }
}

/** One description for each family: the first by kind and unit, if metrics disagree. */
export function familiesOf(metrics: readonly StoredMetric[]): FamilyMetadata[] {
  const families = new Map<string, FamilyMetadata>()
  for (const metric of metrics.toSorted((a, b) => (metricKey(a) < metricKey(b) ? -1 : 1))) {
    const { family, description, unit } = metric
    if (families.has(family)) continue
    const { main, per } = unitWords(unit)
    families.set(family, {
      family,
      type: typeOf(metric),
      help: description,
      unit: [main, per].filter(Boolean).join('_')
    })
  }
  return [...families.values()]
}

function typeOf({ kind, temporality }: Metric): FamilyMetadata['type'] {
  if (kind === 'exponential_histogram') return 'histogram'
  if (kind === 'histogram' || kind === 'summary') return kind
  return kind === 'counter' && temporality !== 'delta' ? 'counter' : 'gauge'
}
