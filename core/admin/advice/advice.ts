import type { NamedSeries } from '../../model/named-series.ts'
import type { Metric } from '../../model/series.ts'
import { TENANT } from '../../model/tenant.ts'
import type { Topology } from '../../pipeline/graph/topology.ts'
import type { BuiltService } from '../../pipeline/service/build.ts'
import { REMEMBERED_DAYS, type UsedLabels, type UseTable } from '../../queries/uses/use-table.ts'
import { labelName } from '../../wire/prometheus/label-names.ts'
import { metricName } from '../../wire/prometheus/metric-names.ts'
import { trace } from '../why/trace.ts'
import { adviceYaml, type DroppedLabels } from './advice-yaml.ts'
import { labelCosts, type MetricCosts } from './label-costs.ts'
import { type LabelCosts, MOST_SERIES } from './label-profile.ts'

const DAY_MS = 86_400_000
/** Going through a million series takes some seconds, and may take a twentieth of the time. */
const LEAST_ANSWER_AGE_MS = 15_000
const AGE_PER_MS = 20
/** A label that saves less is not worth a rule. */
const LEAST_SHARE_SAVED = 0.05
const LEAST_SAVED = 10
const ESCAPING = 'UnderscoreEscapingWithSuffixes'
/** Kinds whose series can be added up. */
const ADDITIVE: ReadonlySet<string> = new Set(['counter', 'histogram', 'exponential_histogram'])
/** Kinds with values that have a least and a greatest. */
const LEVELS: ReadonlySet<string> = new Set(['gauge', 'up_down_counter'])
/** Without these, series of one distribution or of several tenants would be added to each other. */
const NEEDED: ReadonlySet<string> = new Set(['le', 'vmrange', 'quantile', TENANT])
/** Labels of Prometheus that are made of resource attributes. */
const TARGET_LABELS: Readonly<Record<string, string>> = {
  'service.name': 'job',
  'service.namespace': 'job',
  'service.instance.id': 'instance'
}

/** Labels that nobody asked for, and what they cost. */
export interface AdviceReport {
  /** Since when uses are noted, Unix ms. */
  readonly since: number
  /** Days that are looked back, fewer than 30 if uses have not been noted for so long. */
  readonly days: number
  /** False if there were too many metrics to note the uses of all: then nothing counts as unused. */
  readonly isComplete: boolean
  /** Those with most series first. */
  readonly metrics: readonly MetricAdvice[]
  /** A configuration without the unused labels of counters and histograms. Undefined if there is nothing to save. */
  readonly yaml: string | undefined
  /** The same, with gauges, whose names change. Undefined if there is no gauge to save at. */
  readonly yamlWithGauges: string | undefined
  /** Most series of a metric that are looked into. */
  readonly mostSampled: number
}

export interface MetricAdvice {
  readonly name: string
  readonly kind: string
  readonly temporality: string
  readonly isReceived: boolean
  readonly series: number
  readonly isSampled: boolean
  /** Those that cost most first. */
  readonly labels: readonly (LabelCosts & { readonly isUnused: boolean })[]
  readonly seriesWithoutUnused: number
  /** Queries whose result depended on all labels, of those that name the metric. They would show fewer series. */
  readonly queriesOfAll: number
  /** The configuration that takes the unused labels out. */
  readonly remedy: 'yaml' | 'yamlWithGauges' | undefined
}

/** Answers `GET /api/advice`. */
export function exposeAdvice(service: BuiltService, uses: UseTable): void {
  const { routes, clock } = service.services
  let latest: Promise<AdviceReport> | undefined
  let validUntil = 0
  const renew = async () => {
    const begun = clock.now()
    validUntil = Number.POSITIVE_INFINITY
    try {
      return await adviceOf(service, uses, begun)
    } finally {
      const now = clock.now()
      validUntil = now + Math.max(LEAST_ANSWER_AGE_MS, AGE_PER_MS * (now - begun))
    }
  }
  routes.set('get /api/advice', async (_request, response) => {
    if (latest === undefined || clock.now() >= validUntil) latest = renew()
    response.set('cache-control', 'no-store').json(await latest)
  })
}

async function adviceOf({ services, topology }: BuiltService, uses: UseTable, now: number): Promise<AdviceReport> {
  const isComplete = uses.isComplete(now)
  const usedOf = (metric: Metric) => uses.labelsOf(isNameOf(metric), now)
  const costs = await labelCosts(services.series, (metric, samples) => {
    const isUnused = unusedIn(usedOf(metric))
    const stored = storedLabels(samples, topology)
    return label => isComplete && stored.has(label) && isUnused(label)
  })
  const metrics = costs.map(cost => metricAdvice(cost, usedOf(cost.metric).all.query.length))
  const dropped = metrics
    .filter(({ remedy }) => remedy !== undefined)
    .map(
      ({ name, kind, labels, remedy }): DroppedLabels => ({
        metric: name,
        labels: labels.filter(({ isUnused }) => isUnused).map(label => label.name),
        gauge: remedy === 'yamlWithGauges' ? (kind as 'gauge' | 'up_down_counter') : undefined
      })
    )
  const totals = dropped.filter(({ gauge }) => gauge === undefined)
  return {
    since: uses.since,
    days: Math.min(REMEMBERED_DAYS, (now - uses.since) / DAY_MS),
    isComplete,
    metrics,
    yaml: adviceYaml(totals, topology),
    yamlWithGauges: totals.length < dropped.length ? adviceYaml(dropped, topology) : undefined,
    mostSampled: MOST_SERIES
  }
}

function metricAdvice(costs: MetricCosts, queriesOfAll: number): MetricAdvice {
  const { metric, isReceived, series, isSampled, isUnused } = costs
  // Labels of other series are made by rules, and those with one value cost nothing.
  const labels = costs.labels.map(label => ({
    ...label,
    isUnused: isReceived && label.values > 1 && isUnused(label.name)
  }))
  const seriesWithoutUnused = isReceived ? costs.seriesWithoutUnused : series
  const saved = series - seriesWithoutUnused
  return {
    name: metric.name,
    kind: metric.kind,
    temporality: metric.temporality,
    isReceived,
    series,
    isSampled,
    labels: labels.sort((a, b) => a.seriesWithout - b.seriesWithout || (a.name < b.name ? -1 : 1)),
    seriesWithoutUnused,
    queriesOfAll,
    remedy: saved >= Math.max(LEAST_SAVED, LEAST_SHARE_SAVED * series) ? remedyFor(metric) : undefined
  }
}

function remedyFor({ kind, temporality }: Metric): MetricAdvice['remedy'] {
  if (ADDITIVE.has(kind) || (kind === 'up_down_counter' && temporality === 'delta')) return 'yaml'
  return LEVELS.has(kind) ? 'yamlWithGauges' : undefined
}

/** Labels that come through to any exporter: others are taken out on the way already. */
function storedLabels(samples: readonly NamedSeries[], topology: Topology): Set<string> {
  const ways = samples.flatMap(sample => trace(sample, topology, new Set()))
  const exporters = ways.flatMap(({ stages }) => stages.filter(({ kind }) => kind === 'exporter'))
  const stored = exporters.flatMap(({ entries }) => entries.flatMap(({ series }) => series))
  return new Set(stored.flatMap(({ attributes, resource }) => [...Object.keys(attributes), ...Object.keys(resource)]))
}

/** Tells the labels that neither a query nor a rule asked for. */
function unusedIn({ named, all }: UsedLabels): (label: string) => boolean {
  return label => {
    const names = [label, labelName(label, ESCAPING), TARGET_LABELS[label]]
    if (NEEDED.has(label) || names.some(name => named.has(name))) return false
    return all.rule.every(except => names.some(name => except.includes(name)))
  }
}

/** Also true for names that only begin like it: a name too many hides advice, and one too few would be a loss. */
function isNameOf(metric: Metric): (name: string) => boolean {
  const own = metricName({ ...metric, unit: '' }, 'UnderscoreEscapingWithoutSuffixes')
  return name =>
    name === metric.name || name === own || name.startsWith(`${own}_`) || name.startsWith(`${metric.name}.`)
}
