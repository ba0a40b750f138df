import type { Variable } from '../../core/admin/dashboards/dashboard.ts'
import { type EventPanel, type EventQuestion, eventQuestion } from '../../core/admin/dashboards/event-question.ts'
import { isMultiple } from '../../core/admin/dashboards/variables.ts'
import { EVENTS } from './sources.ts'

/** Of the query API. */
const DEFAULT_PERIODS = 7
/** All labels of a group as one name. */
const NAME = '$name := $join($each(labels, function($value) { $value }), ", ")'
const NAME_OR = (other: string) => `(${NAME}; $name = "" or $not($exists($name)) ? "${other}" : $name)`

/** A query as Grafana's data source for JSON (Infinity) keeps it. */
export interface InfinityTarget {
  readonly refId: string
  readonly datasource: typeof EVENTS
  readonly type: 'json'
  readonly source: 'url'
  readonly format: 'table' | 'timeseries'
  /** JSONata, evaluated in Grafana's server. */
  readonly parser: 'backend'
  /** Behind that of the data source. */
  readonly url: string
  readonly url_options: {
    readonly method: 'GET'
    readonly params: readonly { readonly key: string; readonly value: string }[]
  }
  /** Makes rows of the answer. */
  readonly root_selector: string
  readonly columns: readonly Column[]
  readonly filters: readonly never[]
}

interface Column {
  readonly selector: string
  readonly text: string
  readonly type: 'string' | 'number' | 'timestamp_epoch_s'
}

/** The question of a panel, and how rows are made of its answer. */
export function eventTarget(panel: EventPanel, variables: readonly Variable[]): InfinityTarget {
  const { path, parameters } = eventQuestion(panel, new Map(variables.map(reference)))
  const isChart = panel.kind === 'line' || panel.kind === 'bar' || panel.kind === 'stacked'
  return infinityTarget(
    { path, parameters: isChart ? { ...parameters, step: '$__interval' } : parameters },
    rowsOf(panel)
  )
}

/** The most frequent values that a variable may have. */
export function eventValues(path: string, parameters: EventQuestion['parameters'], field: string): InfinityTarget {
  return infinityTarget(
    { path, parameters },
    { root_selector: `[data.${field}]`, columns: [text(field === 'values' ? 'value' : 'name')] }
  )
}

function infinityTarget(
  { path, parameters }: { path: string; parameters: EventQuestion['parameters'] },
  { root_selector, columns }: Rows
): InfinityTarget {
  // biome-ignore format: one pair a line
  const params = [
    { key: 'start', value: '${__from:date:seconds}' },
    { key: 'end', value: '${__to:date:seconds}' },
    ...Object.entries(parameters).flatMap(([key, value]) => [value].flat().map(one => ({ key, value: one })))
  ]
  return {
    refId: 'A',
    datasource: EVENTS,
    type: 'json',
    source: 'url',
    format: columns.some(({ selector }) => selector === 'time') ? 'timeseries' : 'table',
    parser: 'backend',
    url: `/${path}`,
    url_options: { method: 'GET', params },
    root_selector,
    columns,
    filters: []
  }
}

/** Several values go into regular expressions. */
function reference(variable: Variable): [name: string, text: string] {
  return [variable.name, isMultiple(variable) ? `\${${variable.name}:regex}` : `\${${variable.name}}`]
}

interface Rows {
  readonly root_selector: string
  readonly columns: readonly Column[]
}

function rowsOf(panel: EventPanel): Rows {
  switch (panel.kind) {
    case 'top':
      return { root_selector: '[data.values]', columns: [text('value'), number('count')] }
    case 'funnel':
      return panel.events.by === undefined ? funnel() : groupedFunnel()
    case 'retention':
      return retention(panel.events.periods ?? DEFAULT_PERIODS)
    case 'stat':
    case 'table':
      return totals(measureOf(panel.events.of))
    default:
      return points(measureOf(panel.events.of))
  }
}

const measureOf = (of: string | undefined) => (of === undefined ? 'count' : 'uniques')

/** Sorted, for only such rows become lines. */
const points = (measure: string): Rows => ({
  root_selector: `[data.result.($series := ${NAME_OR('all')}; $map(points, function($p) { {"time": $p[0], "series": $series, "${measure}": $p[1]} }))^(time)]`,
  columns: [{ selector: 'time', text: 'time', type: 'timestamp_epoch_s' }, text('series'), number(measure)]
})

const totals = (measure: string): Rows => ({
  root_selector: `[data.result.{"group": ${NAME_OR('all')}, "${measure}": ${measure}}]`,
  columns: [text('group'), number(measure)]
})

const STEP = '{"step": $i + 1, "actors": $s.actors, "from_first": $s.from_first, "from_previous": $s.from_previous}'
const STEP_COLUMNS = ['step', 'actors', 'from_first', 'from_previous'].map(number)

const funnel = (): Rows => ({
  root_selector: `[$map(data.steps, function($s, $i) { ${STEP} })]`,
  columns: STEP_COLUMNS
})

const groupedFunnel = (): Rows => ({
  root_selector: `[data.result.($group := ${NAME_OR('none')}; $map(steps, function($s, $i) { $merge([{"group": $group}, ${STEP}]) }))]`,
  columns: [text('group'), ...STEP_COLUMNS]
})

function retention(periods: number): Rows {
  const keys = Array.from({ length: periods + 1 }, (_, i) => `period ${i}`)
  const shares = keys.map((key, i) => `"${key}": share[${i}]`).join(', ')
  return {
    root_selector: `[data.cohorts.{"start": start, "actors": actors, ${shares}}]`,
    columns: [{ selector: 'start', text: 'start', type: 'timestamp_epoch_s' }, number('actors'), ...keys.map(number)]
  }
}

function text(selector: string): Column {
  return { selector, text: selector, type: 'string' }
}

function number(selector: string): Column {
  return { selector, text: selector, type: 'number' }
}
