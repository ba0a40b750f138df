import type {
  EventGroup,
  EventMatcher,
  EventMatchers,
  EventStore,
  FunnelGroup,
  FunnelRequest,
  GroupsRequest,
  Measure
} from '../event-queries/event-store.ts'
import { parseMatchers } from '../promql/parser/parse.ts'
import { QueryError } from '../promql/query-error.ts'
import type { EventQuestion, RequiredLabels, WrittenMatchers, WrittenSelector } from './requests.ts'

/** The value of `data` for a question about events, as in the README of `query_api`. Times are in Unix s. */
export async function eventAnswer(
  store: EventStore | undefined,
  question: EventQuestion,
  required: RequiredLabels,
  signal: AbortSignal
): Promise<object> {
  if (store === undefined) throw new QueryError('execution', 'the store keeps no events that can be asked about')
  const own = required.map(([name, value]) => ({ name, op: '=' as const, value }))
  const request = parsed(question, own)
  const range = { start: request.start / 1000, end: request.end / 1000 }
  return { ...range, ...(await contentOf(store, request, signal)) }
}

/** @param own conditions beside those of the question */
function parsed(question: EventQuestion, own: EventMatchers): EventQuestion<EventMatchers> {
  const matchers = [...matchersOf(question.matchers), ...own]
  if (question.kind === 'funnel') return { ...question, matchers, steps: question.steps.map(matchersOf) }
  if (question.kind !== 'retention') return { ...question, matchers }
  const { cohort, returning } = question
  return { ...question, matchers, cohort: matchersOf(cohort), returning: matchersOf(returning) }
}

function matchersOf({ known, selectors }: WrittenMatchers): EventMatcher[] {
  return [...known, ...selectors.flatMap(matchersIn)]
}

function matchersIn({ parameter, text }: WrittenSelector): readonly EventMatcher[] {
  try {
    return parseMatchers(text)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw new QueryError('bad_data', `invalid parameter "${parameter}": ${error.message}`)
  }
}

async function contentOf(
  store: EventStore,
  request: EventQuestion<EventMatchers>,
  signal: AbortSignal
): Promise<object> {
  switch (request.kind) {
    case 'groups':
      return groupsJson(request, await store.groups(request, signal))
    case 'top':
      return topJson(await store.groups(request, signal))
    case 'funnel':
      return funnelJson(request, await store.funnel(request, signal))
    case 'retention': {
      const cohorts = await store.retention(request, signal)
      return { period: request.periodMs / 1000, cohorts: cohorts.map(own => cohortJson(own, request)) }
    }
    case 'names': {
      const names = await store.names(request, signal)
      const json = ({ name, events, firstMs, lastMs }: (typeof names)[number]) => ({
        name,
        count: events,
        first: firstMs / 1000,
        last: lastMs / 1000
      })
      return { names: names.map(json) }
    }
    case 'attributes': {
      const attributes = await store.attributes(request, signal)
      return { attributes: attributes.map(({ name, events }) => ({ name, count: events })) }
    }
    case 'latest': {
      const events = await store.latest(request, signal)
      return { events: events.map(({ timeMs, ...event }) => ({ time: timeMs / 1000, ...event })) }
    }
  }
}

function groupsJson(request: GroupsRequest, groups: readonly EventGroup[]): object {
  const { by, stepMs, start } = request
  const names = request.of === undefined ? (['count', 'sum'] as const) : (['uniques', 'count'] as const)
  const json = ({ total, steps }: EventGroup) => ({
    ...named(names, total),
    ...(stepMs === undefined ? {} : { points: steps.map((measure, i) => [(start + i * stepMs) / 1000, ...measure]) })
  })
  const result = groups.flatMap(group =>
    group.values === undefined ? [] : [{ labels: labelsOf(by, group.values), ...json(group) }]
  )
  const other = groups.find(({ values }) => values === undefined)
  return { ...stepJson(stepMs), result, ...(other === undefined ? {} : { other: json(other) }) }
}

function topJson(groups: readonly EventGroup[]): object {
  const measure = ({ total }: EventGroup) => named(['count', 'sum'], total)
  const values = groups.flatMap(group =>
    group.values === undefined ? [] : [{ value: group.values[0], ...measure(group) }]
  )
  const other = groups.find(({ values }) => values === undefined)
  return { values, ...(other === undefined ? {} : { other: measure(other) }) }
}

function funnelJson({ by, windowMs }: FunnelRequest, groups: readonly FunnelGroup[]): object {
  const json = ({ reached }: FunnelGroup) => ({
    steps: reached.map((actors, i) => ({
      actors,
      from_first: shareOf(actors, reached[0]),
      from_previous: shareOf(actors, reached[Math.max(0, i - 1)])
    }))
  })
  const window = windowMs / 1000
  if (by === undefined) return { window, ...json(groups[0]) }
  const result = groups.flatMap(group =>
    group.value === undefined ? [] : [{ labels: labelsOf([by], [group.value]), ...json(group) }]
  )
  const other = groups.find(({ value }) => value === undefined)
  return { window, result, ...(other === undefined ? {} : { other: json(other) }) }
}

/** Periods that begin after the end of the range have not been seen, and are left out. */
function cohortJson(
  { start, actors, returned }: { start: number; actors: number; returned: readonly number[] },
  { end, periodMs }: { end: number; periodMs: number }
): object {
  const seen = returned.filter((_, i) => start + i * periodMs < end)
  return { start: start / 1000, actors, returned: seen, share: seen.map(own => shareOf(own, actors)) }
}

const stepJson = (stepMs: number | undefined) => (stepMs === undefined ? {} : { step: stepMs / 1000 })

const named = (names: readonly [string, string], [first, second]: Measure) => ({
  [names[0]]: first,
  [names[1]]: second
})

/** An absent attribute has no label. */
function labelsOf(by: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(by.map((name, i) => [name, values[i]]).filter(([, value]) => value !== ''))
}

/** Null if there is no whole. */
const shareOf = (part: number, whole: number) => (whole === 0 ? null : part / whole)
