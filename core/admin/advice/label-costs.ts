import { type NamedSeries, namedSeries } from '../../model/named-series.ts'
import type { Metric } from '../../model/series.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import { type LabelCosts, LabelProfile } from './label-profile.ts'

const MOST_METRICS = 30
const MOST_SAMPLES = 3
/** Work done before others have their turn, a millisecond or two: an id costs 1. */
const WORK_PER_TURN = 10_000
const WORK_PER_SERIES = 50

/** A metric with its series as they are now, and the costs of its labels. */
export interface MetricCosts {
  readonly metric: Metric
  /** True if receivers got it, false if a component made it. */
  readonly isReceived: boolean
  readonly series: number
  /** True if only some of the series were looked into. */
  readonly isSampled: boolean
  readonly labels: readonly LabelCosts[]
  readonly isUnused: (label: string) => boolean
  /** Series that would be left without all labels that nobody asks for. */
  readonly seriesWithoutUnused: number
}

/** Tells the labels of a metric that nobody asks for. It gets some of its series. */
export type UnusedLabels = (metric: Metric, samples: readonly NamedSeries[]) => (label: string) => boolean

interface Counted {
  readonly metric: Metric
  readonly isReceived: boolean
  readonly samples: NamedSeries[]
  series: number
}

/** The metrics with most series. Goes through all series twice, in steps. */
export async function labelCosts(table: SeriesTable, unusedOf: UnusedLabels): Promise<MetricCosts[]> {
  const counts = await countSeries(table)
  const received = new Set([...counts.values()].flatMap(({ metric, isReceived }) => (isReceived ? [metric.name] : [])))
  // Those made of received ones have their labels.
  const shown = [...counts].filter(([, { metric, isReceived }]) => isReceived || !received.has(metric.name))
  const top = shown.sort(([, a], [, b]) => b.series - a.series).slice(0, MOST_METRICS)
  const profiles = new Map(top.map(([key, { metric, samples }]) => [key, new LabelProfile(unusedOf(metric, samples))]))
  let work = 0
  for (let id = 0; id < table.length; id++) {
    const profile = profiles.get(keyAt(table, id) ?? '')
    if (profile !== undefined && !profile.isFull) {
      profile.add(table.read(id))
      work += WORK_PER_SERIES
    }
    if (++work < WORK_PER_TURN) continue
    work = 0
    await new Promise(setImmediate)
  }
  const costs: MetricCosts[] = []
  for (const [key, { metric, isReceived, series }] of top) {
    const profile = profiles.get(key)!
    const { isFull: isSampled, isUnused } = profile
    const labels = profile.labels(series)
    const seriesWithoutUnused = profile.seriesWithoutUnused(series)
    costs.push({ metric, isReceived, series, isSampled, labels, isUnused, seriesWithoutUnused })
    await new Promise(setImmediate)
  }
  return costs
}

async function countSeries(table: SeriesTable): Promise<Map<string, Counted>> {
  const counts = new Map<string, Counted>()
  for (let id = 0; id < table.length; id++) {
    if (id % WORK_PER_TURN === WORK_PER_TURN - 1) await new Promise(setImmediate)
    const key = keyAt(table, id)
    if (key === undefined) continue
    let counted = counts.get(key)
    if (counted === undefined) {
      counted = { metric: table.metricOf(id), isReceived: table.originOf(id) === 'received', samples: [], series: 0 }
      counts.set(key, counted)
    }
    counted.series++
    if (counted.samples.length < MOST_SAMPLES) counted.samples.push(namedSeries(table.read(id)))
  }
  return counts
}

function keyAt(table: SeriesTable, id: number): string | undefined {
  const origin = table.originOf(id)
  return origin && `${origin} ${keyOf(table.metricOf(id))}`
}

const keys = new WeakMap<Metric, string>()

function keyOf(metric: Metric): string {
  let key = keys.get(metric)
  if (key === undefined) keys.set(metric, (key = JSON.stringify([metric.name, metric.kind, metric.temporality])))
  return key
}
