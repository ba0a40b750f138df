import { type VariableModel, VariableRefresh } from '@grafana/schema'
import type { Variable } from '../../core/admin/dashboards/dashboard.ts'
import { isMultiple } from '../../core/admin/dashboards/variables.ts'
import { eventValues, type InfinityTarget } from './event-targets.ts'
import { EVENTS, METRICS } from './sources.ts'

/** A query for values, as Grafana keeps it. */
export type VariableQuery =
  | { readonly query: string; readonly refId: string }
  | { readonly queryType: 'infinity'; readonly refId: string; readonly infinityQuery: InfinityTarget }

/** A variable, whose values Grafana asks for. */
export function grafanaVariable(variable: Variable): VariableModel {
  const { name, title, kind, default: chosen } = variable
  const own = { name, label: title, ...(chosen === undefined ? {} : { current: { text: chosen, value: chosen } }) }
  if (kind === 'fixed') return { ...own, ...fixed(variable.values, chosen ?? variable.values[0]) }
  const several = isMultiple(variable)
    ? { multi: true, includeAll: true, allValue: '.+', current: { text: ['All'], value: ['$__all'] } }
    : {}
  const isOfSeries = kind === 'label' || kind === 'label_names'
  return {
    ...own,
    type: 'query',
    datasource: isOfSeries ? METRICS : EVENTS,
    query: { ...queryOf(variable) },
    // The name of a metric is none of its labels.
    regex: kind === 'label_names' ? '/^(?!__name__$).*/' : '',
    refresh: VariableRefresh.onTimeRangeChanged,
    ...several
  }
}

function fixed(
  values: readonly string[],
  chosen: string
): Pick<VariableModel, 'type' | 'query' | 'current' | 'options'> {
  return {
    type: 'custom',
    query: values.map(value => value.replaceAll(',', '\\,')).join(','),
    current: { text: chosen, value: chosen },
    options: values.map(value => ({ text: value, value, selected: value === chosen }))
  }
}

function queryOf(variable: Exclude<Variable, { kind: 'fixed' }>): VariableQuery {
  const refId = `weir-${variable.name}`
  switch (variable.kind) {
    case 'label':
      return { query: `label_values(${[variable.match, variable.label].filter(Boolean).join(', ')})`, refId }
    case 'label_names':
      return { query: `label_names(${variable.match ?? ''})`, refId }
    case 'event_names':
      return { queryType: 'infinity', refId, infinityQuery: eventValues('names', {}, 'names') }
    case 'event_attributes':
      return { queryType: 'infinity', refId, infinityQuery: eventValues('attributes', {}, 'attributes') }
    case 'event_values':
      return { queryType: 'infinity', refId, infinityQuery: eventValues('top', { of: variable.of }, 'values') }
  }
}
