import type { NamedSeries } from '../../core/model/named-series.ts'
import { attributeText, type Explanation, findAttribute, type MetricKind } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { TABLE_NAMES, TABLE_OF } from './otel-rows.ts'
import { TIER_ATTRIBUTE } from './written-series.ts'

/** The table that has a series or the events of a name. */
export function explainSeries(series: NamedSeries, config: Config): Explanation {
  const table = config.schema === 'otel' ? otelTable(series.kind) : compactTable(series, config)
  const where = config.embedded === undefined ? `at ${config.endpoint}` : `embedded in ${config.embedded}`
  return {
    fate: 'stored',
    why: `in ClickHouse ${where}`,
    places: [`${config.database}.${table}, where ${series.kind === 'event' ? 'the event' : 'name'} is ${series.name}`]
  }
}

function otelTable(kind: NamedSeries['kind']): string {
  return kind === 'event' ? 'otel_logs' : TABLE_NAMES[TABLE_OF[kind as MetricKind]]
}

function compactTable({ kind, attributes }: NamedSeries, { tiers }: Config): string {
  if (kind === 'event') return 'events'
  const tier = attributeText(findAttribute(attributes, TIER_ATTRIBUTE) ?? null)
  return Object.hasOwn(tiers, tier) ? `metrics_${tier}` : 'metrics'
}
