import type { Matcher } from '../promql/matcher.ts'

/** A condition on the event's name (`__name__`), or on an attribute by its own name. An absent attribute is empty. */
export type EventMatcher = Pick<Matcher, 'name' | 'op' | 'value'>

/** Conditions of which all must hold, of a request to a store. A question has them as they were written. */
export type EventMatchers = readonly EventMatcher[]

/** Events with `start <= time < end`, Unix ms, that meet all of `matchers`. */
export interface EventScope<M = EventMatchers> {
  readonly start: number
  readonly end: number
  readonly matchers: M
}

/** Events in groups: one for each combination of the values of `by`. */
export interface GroupsRequest<M = EventMatchers> extends EventScope<M> {
  /** Attributes, and `__name__`; none: all events are one group. */
  readonly by: readonly string[]
  /** Count distinct values of this attribute, which are not empty. Undefined: count events, and add up their values. */
  readonly of: string | undefined
  /** Length of the steps that are counted too, from `start` on, in ms. Undefined: only the whole range is. */
  readonly stepMs: number | undefined
  /** The largest groups to be told apart; the others are one. */
  readonly limit: number
}

/** Order of the steps, beyond that of their times. Names and meaning are ClickHouse's. */
export type FunnelMode = 'strict_order' | 'strict_increase'

/**
 * A chain of events of one actor, one for each step, at rising or equal times, within `windowMs` of the first. An event is
 * one step at most.
 */
export interface FunnelRequest<M = EventMatchers> extends EventScope<M> {
  /** The attribute that names the actor, such as `user_id`. Events without it do not count. */
  readonly of: string
  /** Two at least. */
  readonly steps: readonly M[]
  readonly windowMs: number
  readonly modes: readonly FunnelMode[]
  /** An attribute: actors are told apart by its value at their first event of the first step, the smallest of one time. */
  readonly by: string | undefined
  /** The largest groups to be told apart; the others are one. */
  readonly limit: number
}

/** Actors by the period of their first cohort event, and how many of them returned in the periods after. */
export interface RetentionRequest<M = EventMatchers> extends EventScope<M> {
  readonly of: string
  readonly cohort: M
  readonly returning: M
  /** Length of periods, from `start` on, in ms. */
  readonly periodMs: number
  /** Periods after the cohort's own. */
  readonly periods: number
}

/** Names of events, their attributes, or the newest events. */
export interface CatalogRequest<M = EventMatchers> extends EventScope<M> {
  /** Entries with the most events, or so many of the newest. */
  readonly limit: number
}

/** What was counted: events and the sum of their values, or distinct values and the events that have one. */
export type Measure = readonly [number, number]

export interface EventGroup {
  /** A value for each of `by`. Undefined: all groups but the largest. */
  readonly values: readonly string[] | undefined
  readonly total: Measure
  /** One for each step, or none. */
  readonly steps: readonly Measure[]
}

export interface FunnelGroup {
  /** Of `by`; undefined: all groups but the largest, or all actors if there is no `by`. */
  readonly value: string | undefined
  /** Actors that reached each step, at least. */
  readonly reached: readonly number[]
}

export interface Cohort {
  /** Unix ms: begin of its period. */
  readonly start: number
  readonly actors: number
  /** Those that returned in the cohort's own period, not before they joined it, and in each after. */
  readonly returned: readonly number[]
}

export interface EventName {
  readonly name: string
  readonly events: number
  /** Unix ms. */
  readonly firstMs: number
  readonly lastMs: number
}

export interface EventAttribute {
  readonly name: string
  /** Events that have it. */
  readonly events: number
}

/** A single event. */
export interface LatestEvent {
  /** Unix ms, with fractions. */
  readonly timeMs: number
  readonly name: string
  /** The sender's. */
  readonly id: string | undefined
  /** The same for this event in every answer, and for no other. */
  readonly key: string
  readonly value: number
  readonly attributes: Readonly<Record<string, string>>
}

/** Events that can be asked about. Methods reject with a `QueryError`, and stop once `signal` fires. */
export interface EventStore {
  /** The largest first; those that are not told apart, if there are any, are last. */
  groups(request: GroupsRequest, signal: AbortSignal): Promise<EventGroup[]>
  /** The largest first; those that are not told apart, if there are any, are last. */
  funnel(request: FunnelRequest, signal: AbortSignal): Promise<FunnelGroup[]>
  /** One for each period, also without actors. */
  retention(request: RetentionRequest, signal: AbortSignal): Promise<Cohort[]>
  /** The most frequent first. */
  names(request: CatalogRequest, signal: AbortSignal): Promise<EventName[]>
  /** The most frequent first. */
  attributes(request: CatalogRequest, signal: AbortSignal): Promise<EventAttribute[]>
  /** The newest first. */
  latest(request: CatalogRequest, signal: AbortSignal): Promise<LatestEvent[]>
}
