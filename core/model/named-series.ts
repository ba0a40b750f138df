import type { MatchedItem } from './matching/match.ts'
import { type MetricKind, type Scope, seriesKey } from './series.ts'
import type { Series } from './series-table/series-table.ts'

/** A series by its name and labels, or the events of one name and attributes. It need not be in any table. */
export interface NamedSeries extends MatchedItem {
  readonly unit: string
  readonly scope: Scope
}

export function namedSeries({ metric, attributes, resource, scope }: Series): NamedSeries {
  const { name, kind, temporality, unit } = metric
  return { name, kind, temporality, unit, attributes, resource: resource.attributes, scope }
}

/** The `key` that the same series has in a table. Not for events. */
export function keyOfNamed({ name, kind, temporality, unit, attributes, resource, scope }: NamedSeries): string {
  const metric = { name, unit, description: '', kind: kind as MetricKind, temporality }
  return seriesKey(metric, attributes, { attributes: resource, schemaUrl: '' }, scope)
}
