import { orNoTwin } from '../no-twin.ts'
import type { Options } from '../options.ts'
import type { Yaml } from '../yaml.ts'
import { type Conditions, conditionsOf } from './conditions.ts'
import { parseCondition } from './ottl.ts'
import { given, type Surroundings, type Twins } from './twin.ts'

/** Keys with conditions of OTTL: what they match is left out. */
const EXCLUDING = {
  metrics: ['metric', 'datapoint', 'metric_conditions'],
  logs: ['log_record', 'log_conditions']
} as const

/** The processor `filter`, with conditions of OTTL or with the older `include` and `exclude`. */
export function importFilter(options: Options, { signal }: Surroundings): Twins {
  const notes: string[] = []
  const missing: string[] = []
  const own = options.at(signal)
  const ottl = EXCLUDING[signal].flatMap(key => [
    ...own.texts(key),
    ...(key.endsWith('_conditions') ? options.texts(key) : [])
  ])
  for (const other of ['metrics', 'logs', 'traces', 'spans', 'profiles', 'error_mode', 'trace_conditions'])
    options.value(other)
  for (const other of Object.values(EXCLUDING).flat()) options.value(other)
  const excluded = ottl.flatMap(text => readCondition(text, missing))
  const exclude = [...excluded, ...selected(own.at('exclude'), notes)]
  const include = selected(own.at('include'), notes)
  for (const option of own.unread()) notes.push(`${option} has no twin.`)
  if (include.length + exclude.length === 0) return { twins: [], notes, missing }
  const twin = given({ include: listed(include), exclude: listed(exclude) })
  return { twins: [{ type: 'filter', options: twin }], notes, missing }
}

function readCondition(text: string, missing: string[]): Conditions[] {
  return orNoTwin(
    () => conditionsOf(parseCondition(text)),
    reason => {
      missing.push(`Not filtered: ${text} has no twin: ${reason}.`)
      return []
    }
  )
}

/** `match_type`, `metric_names`, `resource_attributes` and the like, of processors that select by them. */
export function selected(options: Options, notes: string[]): Conditions[] {
  if (options.keys.length === 0) return []
  const isExpression = options.text('match_type') === 'regexp'
  options.value('regexp')
  const names = [...options.texts('metric_names'), ...options.texts('metrics')]
  const attributes: Record<string, Yaml> = {}
  for (const key of ['attributes', 'resource_attributes', 'record_attributes', 'resources'])
    for (const attribute of options.each(key)) {
      const name = attribute.text('key') ?? attribute.text('Key')
      const value = (attribute.value('value') ?? attribute.value('Value')) as Yaml | undefined
      if (name !== undefined) attributes[name] = value === undefined ? { exists: true } : testOf(value, isExpression)
    }
  const services = options.texts('services')
  if (services.length > 0) attributes['service.name'] = isExpression ? { regex: services.join('|') } : services
  for (const option of options.unread()) notes.push(`${option} has no twin.`)
  const name = names.length === 0 ? undefined : isExpression ? { regex: joined(names) } : single(names)
  const conditions = given({ name, attributes: Object.keys(attributes).length > 0 ? attributes : undefined })
  return Object.keys(conditions).length === 0 ? [] : [conditions as Conditions]
}

const testOf = (value: Yaml, isExpression: boolean): Yaml =>
  isExpression && typeof value === 'string' ? { regex: value } : value

const joined = (expressions: readonly string[]) =>
  expressions.length === 1 ? expressions[0] : expressions.map(one => `(?:${one})`).join('|')

const single = (names: readonly string[]): Yaml => (names.length === 1 ? names[0] : names)

const listed = (conditions: readonly Conditions[]): Yaml | undefined =>
  conditions.length === 0 ? undefined : ((conditions.length === 1 ? conditions[0] : conditions) as Yaml)
