import type { Options } from '../options.ts'
import type { Yaml } from '../yaml.ts'
import type { Conditions } from './conditions.ts'
import { given, type Twin, type Twins } from './twin.ts'

const WINDOW = '10s'
/** Attributes of the resource that make up job and instance. */
const IDENTITY = ['service.name', 'service.namespace', 'service.instance.id']
const AGGREGATIONS: Readonly<Record<string, string>> = {
  sum: 'sum',
  mean: 'avg',
  min: 'min',
  max: 'max',
  count: 'count'
}

/** What is added up. Gauges keep their labels, for without them those of several series would be one. */
const SUMMED: Conditions['kind'] = ['counter', 'up_down_counter', 'histogram', 'exponential_histogram']

/** The processor `metricstransform`: statements of `transform`, and windows where labels are aggregated. */
export function importMetricsTransform(options: Options): Twins {
  const notes: string[] = []
  const steps = options.each('transforms').flatMap(transform => stepsOf(transform, notes))
  return { twins: joined(steps), notes }
}

/** Statements in a row are one `transform`. */
function joined(steps: readonly (Yaml | Twin)[]): Twin[] {
  const twins: Twin[] = []
  let statements: Yaml[] = []
  for (const step of steps) {
    if (!isTwin(step)) {
      if (statements.length === 0) twins.push({ type: 'transform', options: { statements } })
      statements.push(step)
    } else {
      twins.push(step)
      statements = []
    }
  }
  return twins
}

const isTwin = (step: Yaml | Twin): step is Twin =>
  typeof step === 'object' && step !== null && 'type' in step && 'options' in step

function stepsOf(transform: Options, notes: string[]): (Yaml | Twin)[] {
  const include = transform.text('include') ?? ''
  const action = transform.text('action') ?? 'update'
  if (action !== 'update') {
    notes.push(`The action ${action} on ${include} has no twin: Weir changes metrics, and copies or combines none.`)
    for (const key of transform.keys) transform.value(key)
    return []
  }
  const isExpression = transform.text('match_type') === 'regexp'
  const labels = Object.entries(transform.at('experimental_match_labels')).length
  if (labels > 0) notes.push('experimental_match_labels has no twin here: write the labels into match.')
  const match: Conditions = { name: isExpression ? { regex: include } : include }
  const steps = transform.each('operations').flatMap(operation => operationSteps(operation, match, notes))
  const renamed = transform.text('new_name')
  if (renamed === undefined) return steps
  if (!isExpression) return [...steps, { match: match as Yaml, rename: renamed }]
  return [...steps, { replace: { attribute: '__name__', regex: include, replacement: renamed } }]
}

function operationSteps(operation: Options, match: Conditions, notes: string[]): (Yaml | Twin)[] {
  const action = operation.text('action') ?? ''
  const label = operation.text('label') ?? ''
  const renamed = operation.text('new_label')
  const on = (own: { readonly [key: string]: Yaml }, attributes?: Conditions['attributes']): Yaml[] => [
    { match: given({ ...match, attributes }) as Yaml, ...own }
  ]
  if (action === 'add_label') return on({ set: { [renamed ?? label]: operation.value('new_value') as Yaml } })
  if (action === 'update_label') {
    const values = operation.each('value_actions').flatMap(value => {
      const [before, after] = [value.text('value') ?? '', value.text('new_value') ?? '']
      return on({ set: { [label]: after } }, { [label]: before })
    })
    return [...values, ...(renamed === undefined ? [] : on({ rename_attributes: { [label]: renamed } }))]
  }
  if (action === 'delete_label_value') {
    const value = operation.text('label_value') ?? ''
    return on({ relabel: [{ source_labels: [label], regex: quoted(value), action: 'drop' }] })
  }
  if (action === 'aggregate_labels') return aggregated(operation, match, notes)
  notes.push(`The operation ${action} has no twin.`)
  for (const key of operation.keys) operation.value(key)
  return []
}

/** Labels are aggregated in windows, and the Collector aggregates what is in one batch. */
function aggregated(operation: Options, match: Conditions, notes: string[]): Twin[] {
  const type = operation.text('aggregation_type') ?? 'sum'
  const aggregation = AGGREGATIONS[type]
  if (aggregation === undefined) {
    notes.push(`aggregate_labels by ${type} has no twin.`)
    return []
  }
  notes.push(
    `aggregate_labels: windows of ${WINDOW}, by the time of points; the Collector aggregates what is in one batch. Counters have totals, which begin with 0 here.`
  )
  if (aggregation === 'sum')
    notes.push(
      'Gauges are not added up, as a value now and a value a moment ago have no sum. They keep their labels: query sum() in the store.'
    )
  const kept = [...operation.texts('label_set'), ...IDENTITY].map(quoted).join('|')
  const isSum = aggregation === 'sum'
  const rule = {
    match: match as Yaml,
    aggregations: [aggregation],
    name: '{name}',
    output: [isSum ? 'cumulative' : 'delta']
  }
  const labels = {
    match: (isSum ? { ...match, kind: SUMMED } : match) as Yaml,
    relabel: [{ regex: kept, action: 'labelkeep' }]
  }
  return [
    // Totals of several series that lose a label would overwrite each other; their increments add up.
    ...(isSum ? [{ type: 'cumulative_to_delta', options: { match: match as Yaml } }] : []),
    { type: 'transform', options: { statements: [labels] } },
    { type: 'windowed_counter', options: { windows: [WINDOW], rules: [rule] } },
    ...(isSum ? [] : [{ type: 'transform', options: { statements: [{ delete: ['window'] }] } }])
  ]
}

const quoted = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
