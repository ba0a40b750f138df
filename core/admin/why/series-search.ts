import { attributeText, findAttribute } from '../../model/attributes.ts'
import type { ItemKind } from '../../model/matching/config.ts'
import { keyOfNamed, type NamedSeries, namedSeries } from '../../model/named-series.ts'
import type { Metric } from '../../model/series.ts'
import type { Series, SeriesTable } from '../../model/series-table/series-table.ts'
import { TENANT } from '../../model/tenant.ts'
import { labelName } from '../../wire/prometheus/label-names.ts'
import { metricName } from '../../wire/prometheus/metric-names.ts'
import { TRANSLATION_STRATEGIES } from '../../wire/prometheus/translation-strategy.ts'

/** Work done before others have their turn, a millisecond or two: an id costs 1. */
const WORK_PER_TURN = 10_000
const WORK_PER_SERIES = 20
const MOST_FOUND = 20
const ESCAPING = 'UnderscoreEscapingWithSuffixes'
const ENDINGS = ['', '_bucket', '_count', '_sum']

export interface AskedSeries {
  /** As it was sent, or as Prometheus has it. */
  readonly metric: string
  /** Attributes of the series or of its resource, as they were sent or as Prometheus has them. */
  readonly labels: ReadonlyMap<string, string>
  /** Undefined: any. */
  readonly kind: ItemKind | undefined
}

export interface FoundSeries {
  /** The first that receivers got, by their ids. */
  readonly received: ReadonlyMap<number, NamedSeries>
  /** The first that components made. */
  readonly made: readonly NamedSeries[]
  /** All that match. */
  readonly matching: number
  /** Series of the metric with other labels. */
  readonly others: number
  /** Names of labels that these have. */
  readonly otherLabels: ReadonlySet<string>
}

/** Looks through all series that are known now, in steps. */
export async function findSeries(asked: AskedSeries, table: SeriesTable): Promise<FoundSeries> {
  const found = new Found()
  const otherLabels = new Set<string>()
  let matching = 0
  let others = 0
  let isAsked = contextFilter(asked, table)
  let work = 0
  for (let id = 0; id < table.length; id++) {
    if (++work > WORK_PER_TURN) {
      work = 0
      await new Promise(setImmediate)
      // Ids of contexts may mean others after a turn.
      isAsked = contextFilter(asked, table)
    }
    const origin = table.originOf(id)
    if (origin === undefined || !isAsked(table.contextIdOf(id))) continue
    work += WORK_PER_SERIES
    const series = table.read(id)
    if (hasLabels(series, asked.labels)) {
      matching++
      found.add(id, origin, namedSeries(series))
      continue
    }
    others++
    if (others <= MOST_FOUND) for (const [name] of series.attributes) otherLabels.add(name)
  }
  return { received: found.received, made: found.made, matching, others, otherLabels }
}

/** The first series of each origin. */
class Found {
  readonly received = new Map<number, NamedSeries>()
  readonly made: NamedSeries[] = []
  /** By key: the ids of those that were received. */
  readonly #ids = new Map<string, number>()

  add(id: number, origin: 'received' | 'made', series: NamedSeries): void {
    if (origin === 'received') this.#addReceived(id, series)
    else if (!this.#addLabelled(id, series) && this.made.length < MOST_FOUND) this.made.push(series)
  }

  #addReceived(id: number, series: NamedSeries): void {
    if (this.#ids.size >= MOST_FOUND) return
    this.received.set(id, series)
    this.#ids.set(keyOfNamed(series), id)
  }

  /** With tenants, a received series is labelled before anything else happens to it, and is another one then. */
  #addLabelled(id: number, series: NamedSeries): boolean {
    if (findAttribute(series.resource, TENANT) === undefined) return false
    const resource = series.resource.filter(([name]) => name !== TENANT)
    const unlabelled = this.#ids.get(keyOfNamed({ ...series, resource }))
    if (unlabelled === undefined) return false
    this.received.delete(unlabelled)
    this.received.set(id, series)
    return true
  }
}

function contextFilter({ metric, kind }: AskedSeries, table: SeriesTable): (context: number) => boolean {
  const known = new Map<number, boolean>()
  return context => {
    let isAsked = known.get(context)
    if (isAsked === undefined) {
      const own = table.context(context).metric
      isAsked = (kind === undefined || own.kind === kind) && isCalled(own, metric)
      known.set(context, isAsked)
    }
    return isAsked
  }
}

function isCalled(metric: Metric, name: string): boolean {
  if (metric.name === name) return true
  return TRANSLATION_STRATEGIES.some(strategy => {
    const translated = metricName(metric, strategy)
    return ENDINGS.some(ending => name === translated + ending)
  })
}

function hasLabels({ attributes, resource }: Series, labels: ReadonlyMap<string, string>): boolean {
  for (const [name, value] of labels) {
    const isIt = (key: string) => key === name || labelName(key, ESCAPING) === name
    const found = attributes.find(([key]) => isIt(key)) ?? resource.attributes.find(([key]) => isIt(key))
    if (found === undefined ? value !== '' : attributeText(found[1]) !== value) return false
  }
  return true
}
