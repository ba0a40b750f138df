import { type Attribute, sortAttributes } from '../../model/attributes.ts'
import type { NamedSeries } from '../../model/named-series.ts'
import type { Metric, MetricKind } from '../../model/series.ts'
import type { Output } from '../aggregations/aggregation.ts'
import type { NamedAggregation } from '../aggregations/index.ts'
import type { KindPlan, PlannedAggregation, RulePlan } from '../aggregations/plan.ts'
import type { GroupKind } from '../groups/group-kind.ts'
import type { Grouping } from '../groups/grouping.ts'
import { EVENT_METRIC } from '../input/event-metrics.ts'
import type { RuleSettings } from '../settings.ts'
import { OutputNames } from './output-names.ts'
import { reservedNames, windowText } from './output-series.ts'
import { RENAMED } from './series-maker.ts'

interface Rule {
  readonly settings: RuleSettings
  readonly plan: RulePlan
  readonly kindPlan: KindPlan
}

/** A window size, or all time. */
interface Stream {
  readonly temporality: 'delta' | 'cumulative'
  readonly window: string
  readonly added: readonly Attribute[]
  readonly planned: readonly PlannedAggregation[]
}

/** The series that a rule makes of the group that a series or event is counted in, by name. */
export function namedOutputs(series: NamedSeries, kind: GroupKind, grouping: Grouping, rule: Rule): NamedSeries[] {
  const { settings, plan } = rule
  const metric = metricOf(series, kind)
  const resource = { attributes: series.resource, schemaUrl: '' }
  const kept = grouping.kept(series.attributes, resource, series.scope)
  const names = new OutputNames(settings.name, settings.aggregations === undefined)
  const reserved = reservedNames(settings, plan.outputs)
  const own = kept.attributes.map(([key, value]): Attribute => [reserved.has(key) ? RENAMED + key : key, value])
  const { attributes: resourceAttributes } = kept.resource
  return streamsOf(rule).flatMap(({ temporality, window, added, planned }) =>
    planned.flatMap(({ aggregation }) =>
      outputsOf(aggregation, series, settings).map((output): NamedSeries => {
        const { kind: outputKind, unit } = output.shape(metric, kind)
        const apart = output.attribute === undefined ? [] : [output.attribute]
        return {
          name: names.of(metric.name, kind, aggregation.name, window),
          kind: outputKind,
          unit,
          temporality: outputKind === 'gauge' ? 'unspecified' : temporality,
          attributes: sortAttributes([...own, ...added, ...apart]),
          resource: resourceAttributes,
          scope: kept.scope
        }
      })
    )
  )
}

/** Histograms become histograms of their kind, and values exponential ones; those without buckets are explicit. */
function outputsOf(aggregation: NamedAggregation, { kind }: NamedSeries, settings: RuleSettings): readonly Output[] {
  const outputs = aggregation.outputs(settings)
  if (aggregation.name !== 'histogram') return outputs
  const [explicit, exponential] = outputs
  return [settings.buckets && kind !== 'histogram' ? exponential : explicit]
}

function streamsOf({ settings, kindPlan: { perWindow, totals } }: Rule): Stream[] {
  const windows = settings.windows.map((size): Stream => {
    const window = windowText(size)
    const added: Attribute[] = [[settings.windowAttribute, window], ...(size.attributes ?? [])]
    return { temporality: 'delta', window, added, planned: perWindow }
  })
  return [...windows, { temporality: 'cumulative', window: '', added: [], planned: totals }]
}

/** The metric that a group is counted as. */
function metricOf({ name, unit, kind }: NamedSeries, group: GroupKind): Metric {
  if (group === 'event') return { ...EVENT_METRIC, name }
  return { name, unit, description: '', kind: kind as MetricKind, temporality: 'delta' }
}
