import type { Panel } from '../../core/admin/dashboards/dashboard.ts'

/** What was chosen, by name, such as the `Place`. */
export interface Chosen {
  get(name: string): string | undefined
}

/** Names of events and of their attributes, the most frequent first. */
export interface Catalog {
  readonly names: readonly string[]
  readonly attributes: readonly string[]
}

export const QUESTIONS = ['counts', 'uniques', 'top', 'funnel', 'retention', 'latest'] as const
export type Question = (typeof QUESTIONS)[number]

/** What is asked about events: the URL has what was chosen, and the catalog the rest. */
export interface EventsState {
  readonly question: Question
  /** Name of the events; empty for all. */
  readonly event: string
  /** A selector, or empty. */
  readonly where: string
  /** An attribute, or empty. */
  readonly by: string
  /** The attribute that tells users apart. */
  readonly of: string
  /** The attribute whose values are asked for. */
  readonly attribute: string
  /** Selectors. */
  readonly steps: readonly string[]
  readonly window: string
  readonly cohort: string
  readonly returning: string
  readonly period: string
  readonly periods: number
}

/** Tells users apart in most applications. */
const USUAL_ACTOR = /^(user[._]?id|enduser\.id|user|session[._]?id)$/i
const ANY_EVENT = '{__name__=~".+"}'
const MOST_GROUPS = 12
const MOST_PERIODS = 366
const PLAIN_NAME = /^[a-zA-Z_:][\w:]*$/

export function stateOf(place: Chosen, { names, attributes }: Catalog): EventsState {
  const asked = place.get('ask') as Question
  const [first = '', second = first] = names.map(selectorOf)
  const actor = attributes.find(name => USUAL_ACTOR.test(name)) ?? attributes[0] ?? ''
  const periods = Number(place.get('periods') ?? 7)
  return {
    question: QUESTIONS.includes(asked) ? asked : 'counts',
    event: place.get('event') ?? '',
    where: place.get('where') ?? '',
    by: place.get('by') ?? '',
    of: place.get('of') ?? actor,
    attribute: place.get('attribute') ?? attributes.find(name => name !== actor) ?? actor,
    steps: stepsIn(place.get('steps')) ?? [first, second],
    window: place.get('window') ?? '7d',
    cohort: place.get('cohort') ?? first,
    returning: place.get('return') ?? ANY_EVENT,
    period: place.get('period') ?? '1d',
    periods: Number.isInteger(periods) && periods > 0 ? Math.min(periods, MOST_PERIODS) : 7
  }
}

/** The panels that answer. `latest` is none. */
export function panelsOf(state: EventsState): readonly Panel[] {
  const { question, event, where, by, of, attribute, steps, window, cohort, returning, period, periods } = state
  const scope = { ...(event === '' ? {} : { name: event }), ...(where === '' ? {} : { where }) }
  const groups = { ...scope, by: by === '' ? [] : [by], limit: MOST_GROUPS }
  const users = { ...groups, of }
  switch (question) {
    case 'counts':
      return [
        { kind: 'bar', title: 'Events over time', width: 12, events: groups },
        { kind: 'stat', title: 'In the whole range', width: 12, events: groups }
      ]
    case 'uniques':
      return [
        { kind: 'line', title: `Distinct ${of} over time`, width: 12, events: users },
        { kind: 'stat', title: 'In the whole range', width: 12, events: users }
      ]
    case 'top':
      return [
        {
          kind: 'top',
          title: `Most frequent values of ${attribute}`,
          width: 12,
          events: { ...scope, of: attribute, limit: 50 }
        }
      ]
    case 'funnel': {
      const events = { ...scope, of, steps, window, ...(by === '' ? {} : { by }) }
      return [{ kind: 'funnel', title: `How far each ${of} came`, width: 12, events }]
    }
    case 'retention': {
      const events = { ...scope, of, cohort, return: returning, period, periods }
      return [{ kind: 'retention', title: `Each ${of} that came back`, width: 12, events }]
    }
    case 'latest':
      return []
  }
}

/** Selects the events of a name. */
export const selectorOf = (name: string): string => (PLAIN_NAME.test(name) ? name : `{${JSON.stringify(name)}}`)

/** A selector that asks for an attribute's value beside what it asked for before. */
export function narrowed(where: string, attribute: string, value: string): string {
  const label = PLAIN_NAME.test(attribute) && !attribute.includes(':') ? attribute : JSON.stringify(attribute)
  const own = `${label}=${JSON.stringify(value)}`
  const [, name = '', before = ''] = /^\s*([a-zA-Z_:][\w:]*)?\s*(?:\{(.*)\})?\s*$/s.exec(where) ?? []
  return before.trim() === '' ? `${name}{${own}}` : `${name}{${before.trim().replace(/,$/, '')}, ${own}}`
}

function stepsIn(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  try {
    const steps: unknown = JSON.parse(text)
    return Array.isArray(steps) && steps.length >= 2 ? steps.map(String) : undefined
  } catch {
    return undefined
  }
}
