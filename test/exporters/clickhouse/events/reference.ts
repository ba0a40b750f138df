import type {
  Cohort,
  EventGroup,
  EventMatcher,
  EventScope,
  FunnelRequest,
  GroupsRequest,
  Measure,
  RetentionRequest
} from '../../../../core/event-queries/event-store.ts'
import { Matcher } from '../../../../core/promql/matcher.ts'

export interface StoredEvent {
  /** Unix ms. */
  readonly time: number
  readonly name: string
  readonly id: string
  readonly attributes: Readonly<Record<string, string>>
  readonly value: number
}

/** Answers to questions about `events` by the plainest means. Events are written in order: of equal ones the last stands. */
export class Reference {
  readonly #events: readonly StoredEvent[]

  constructor(events: readonly StoredEvent[]) {
    const byKey = new Map(events.map(event => [JSON.stringify([event.name, event.time, event.id]), event]))
    this.#events = [...byKey.values()].sort((a, b) => a.time - b.time)
  }

  groups(request: GroupsRequest): EventGroup[] {
    const { by, of, start, end, stepMs, limit } = request
    const events = this.#within(request).filter(event => of === undefined || fieldOf(event, of) !== '')
    const steps = stepMs === undefined ? 0 : Math.ceil((end - start) / stepMs)
    const measured = (values: EventGroup['values'], own: readonly StoredEvent[]): EventGroup => ({
      values,
      total: measure(own, of),
      steps: Array.from({ length: steps }, (_, i) =>
        measure(
          own.filter(({ time }) => Math.floor((time - start) / stepMs!) === i),
          of
        )
      )
    })
    if (by.length === 0) return [measured([], events)]
    const byValues = Map.groupBy(events, event => JSON.stringify(by.map(name => fieldOf(event, name))))
    const ranked = [...byValues].sort(
      ([a, one], [b, other]) => measure(other, of)[0] - measure(one, of)[0] || (a < b ? -1 : 1)
    )
    const kept = ranked.slice(0, limit).map(([values, own]) => measured(JSON.parse(values), own))
    const others = ranked.slice(limit).flatMap(([, own]) => own)
    return others.length === 0 ? kept : [...kept, measured(undefined, others)]
  }

  /** The newest first; those of one time by name and id. */
  latest(scope: EventScope, limit: number): StoredEvent[] {
    const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
    return this.#within(scope)
      .toSorted((a, b) => b.time - a.time || compare(a.name, b.name) || compare(a.id, b.id))
      .slice(0, limit)
  }

  /** By value of `by`: how many actors reached each step. */
  funnel(request: FunnelRequest): Map<string, number[]> {
    const { of, steps, by } = request
    const actors = Map.groupBy(this.#within(request), event => fieldOf(event, of))
    actors.delete('')
    const reached = new Map<string, number[]>()
    for (const events of actors.values()) {
      const level = longestChain(events, request)
      if (level === 0) continue
      const starts = events.filter(event => matches(event, steps[0]))
      const first = starts.filter(({ time }) => time === starts[0].time)
      const value = by === undefined ? '' : first.map(event => fieldOf(event, by)).sort()[0]
      const own = reached.get(value) ?? steps.map(() => 0)
      reached.set(value, own)
      for (let i = 0; i < level; i++) own[i]++
    }
    return reached
  }

  retention(request: RetentionRequest): Cohort[] {
    const { of, cohort, returning, start, end, periodMs, periods } = request
    const actors = Map.groupBy(this.#within(request), event => fieldOf(event, of))
    actors.delete('')
    const periodOf = (time: number) => Math.floor((time - start) / periodMs)
    const cohorts = Array.from({ length: Math.ceil((end - start) / periodMs) }, (_, i) => ({
      start: start + i * periodMs,
      actors: 0,
      returned: new Array<number>(periods + 1).fill(0)
    }))
    for (const events of actors.values()) {
      const joined = events.find(event => matches(event, cohort))
      if (joined === undefined) continue
      const own = cohorts[periodOf(joined.time)]
      own.actors++
      const returns = events.filter(event => event.time >= joined.time && matches(event, returning))
      for (const back of new Set(returns.map(({ time }) => periodOf(time) - periodOf(joined.time))))
        if (back <= periods) own.returned[back]++
    }
    return cohorts
  }

  counts(request: EventScope, keysOf: (event: StoredEvent) => readonly string[]): [string, number][] {
    const counts = new Map<string, number>()
    for (const key of this.#within(request).flatMap(keysOf)) counts.set(key, (counts.get(key) ?? 0) + 1)
    return [...counts].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
  }

  #within({ start, end, matchers }: EventScope): StoredEvent[] {
    return this.#events.filter(event => event.time >= start && event.time < end && matches(event, matchers))
  }
}

/** Tries every chain of different events. */
function longestChain(events: readonly StoredEvent[], { steps, windowMs, modes }: FunnelRequest): number {
  const isStrict = modes.includes('strict_increase')
  const longest = (step: number, used: ReadonlySet<StoredEvent>, first: number, last: number): number => {
    if (step === steps.length) return step
    let best = step
    for (const event of events) {
      if (used.has(event) || !matches(event, steps[step])) continue
      if (event.time < last || (isStrict && step > 0 && event.time === last)) continue
      const begin = step === 0 ? event.time : first
      if (event.time - begin > windowMs) continue
      best = Math.max(best, longest(step + 1, new Set([...used, event]), begin, event.time))
      if (best === steps.length) break
    }
    return best
  }
  return longest(0, new Set(), 0, 0)
}

function measure(events: readonly StoredEvent[], of: string | undefined): Measure {
  if (of !== undefined) return [new Set(events.map(event => fieldOf(event, of))).size, events.length]
  return [events.length, events.reduce((sum, { value }) => sum + value, 0)]
}

const fieldOf = ({ name, attributes }: StoredEvent, field: string) =>
  field === '__name__' ? name : (attributes[field] ?? '')

const matches = (event: StoredEvent, matchers: readonly EventMatcher[]) =>
  matchers.every(({ name, op, value }) => new Matcher(name, op, value).matches(fieldOf(event, name)))
