import type { FunnelMode } from '../../../core/event-queries/event-store.ts'
import type { EventQuestion } from '../../../core/queries/requests.ts'
import { bad, type Parameters } from '../parameters.ts'
import { checkSize, lengthOf, limitOf, SCOPE, scopeOf, selectorOf, someOf } from './scope.ts'

const DAY_MS = 86_400_000
const DEFAULT_GROUPS = 100
const DEFAULT_TOP = 10
const DEFAULT_ENTRIES = 1000
const DEFAULT_LATEST = 100
const DEFAULT_PERIODS = 7
/** A year of days. */
const MOST_PERIODS = 366
const MODES: readonly FunnelMode[] = ['strict_order', 'strict_increase']

type Read = (parameters: Parameters, now: number) => EventQuestion

/** Questions about events by path. Each reads its parameters, or throws a `QueryError`. */
export const EVENT_QUESTIONS: ReadonlyMap<string, Read> = new Map([
  ['events/counts', only([...SCOPE, 'by', 'step', 'limit'], counts)],
  ['events/uniques', only([...SCOPE, 'of', 'by', 'step', 'limit'], uniques)],
  ['events/top', only([...SCOPE, 'of', 'limit'], top)],
  ['events/funnel', only([...SCOPE, 'of', 'steps', 'window', 'mode', 'by', 'limit'], funnel)],
  ['events/retention', only([...SCOPE, 'of', 'cohort', 'return', 'period', 'periods'], retention)],
  ['events/names', only([...SCOPE, 'limit'], catalog('names'))],
  ['events/attributes', only([...SCOPE, 'limit'], catalog('attributes'))],
  ['events/latest', only([...SCOPE, 'limit'], catalog('latest', DEFAULT_LATEST))]
])

/** A parameter that nothing reads would change nothing, which its author would not see. */
function only(names: readonly string[], read: Read): Read {
  const known = new Set(names)
  return (parameters, now) => {
    for (const name of parameters.names)
      if (!known.has(name)) throw bad(name, `there is no such parameter here: use ${names.join(', ')}`)
    return read(parameters, now)
  }
}

function counts(parameters: Parameters, now: number): EventQuestion {
  return { kind: 'groups', of: undefined, ...groupsOf(parameters, now) }
}

function uniques(parameters: Parameters, now: number): EventQuestion {
  return { kind: 'groups', of: parameters.required('of'), ...groupsOf(parameters, now) }
}

function groupsOf(parameters: Parameters, now: number) {
  const scope = scopeOf(parameters, now)
  const by = someOf(parameters, 'by')
  const repeated = by.find((name, i) => by.indexOf(name) < i)
  if (repeated !== undefined) throw bad('by', `"${repeated}" is given twice`)
  const limit = limitOf(parameters, DEFAULT_GROUPS)
  const stepMs = lengthOf(parameters, 'step')
  const steps = stepMs === undefined ? 1 : Math.ceil((scope.end - scope.start) / stepMs)
  checkSize('step', steps * (by.length === 0 ? 1 : limit + 1), 'increase step, shorten the range, or lower limit')
  return { ...scope, by, stepMs, limit }
}

function top(parameters: Parameters, now: number): EventQuestion {
  const scope = scopeOf(parameters, now)
  const of = parameters.required('of')
  const known = [...scope.matchers.known, { name: of, op: '!=' as const, value: '' }]
  const matchers = { ...scope.matchers, known }
  const limit = limitOf(parameters, DEFAULT_TOP)
  return { kind: 'top', ...scope, matchers, by: [of], of: undefined, stepMs: undefined, limit }
}

function funnel(parameters: Parameters, now: number): EventQuestion {
  const scope = scopeOf(parameters, now)
  const of = parameters.required('of')
  const steps = someOf(parameters, 'steps').map(text => selectorOf('steps', text))
  if (steps.length < 2) throw bad('steps', 'give it twice at least, such as steps=signup&steps=checkout{plan="pro"}')
  const windowMs = lengthOf(parameters, 'window') ?? DAY_MS
  const modes = someOf(parameters, 'mode').map(modeOf)
  const [by, ...more] = someOf(parameters, 'by')
  if (more.length > 0) throw bad('by', 'a funnel is told apart by one attribute')
  return { kind: 'funnel', ...scope, of, steps, windowMs, modes, by, limit: limitOf(parameters, DEFAULT_GROUPS) }
}

function modeOf(text: string): FunnelMode {
  const mode = MODES.find(known => known === text)
  if (mode === undefined) throw bad('mode', `"${text}" is none: use ${MODES.join(' or ')}`)
  return mode
}

function retention(parameters: Parameters, now: number): EventQuestion {
  const periodMs = lengthOf(parameters, 'period') ?? DAY_MS
  const periods = (parameters.text('periods') ?? '') === '' ? DEFAULT_PERIODS : parameters.limit('periods')
  if (periods < 1 || periods > MOST_PERIODS) throw bad('periods', `${periods} is not from 1 to ${MOST_PERIODS}`)
  const scope = scopeOf(parameters, now, periodMs * (periods + 1))
  const cohorts = Math.ceil((scope.end - scope.start) / periodMs)
  checkSize('period', cohorts * (periods + 1), 'increase period, shorten the range, or lower periods')
  const [cohort, returning] = ['cohort', 'return'].map(name => selectorOf(name, parameters.required(name)))
  return { kind: 'retention', ...scope, of: parameters.required('of'), cohort, returning, periodMs, periods }
}

function catalog(kind: 'names' | 'attributes' | 'latest', limit = DEFAULT_ENTRIES): Read {
  return (parameters, now) => ({ kind, ...scopeOf(parameters, now), limit: limitOf(parameters, limit) })
}
