import type { EventMatcher, EventScope } from '../../../core/event-queries/event-store.ts'
import { METRIC_NAME } from '../../../core/promql/labels.ts'
import type { WrittenMatchers } from '../../../core/queries/requests.ts'
import { bad, type Parameters } from '../parameters.ts'

/** The range of a question that names no `start`. */
const DEFAULT_RANGE_MS = 24 * 3_600_000
/** Stores have times from 1970 on, and up to the end of 2299. */
const LAST_MS = Date.UTC(2300, 0) - 1
/** Entries of one parameter; each costs time for every event. */
const MOST_VALUES = 32
/** Groups or entries of one answer. */
const MOST_ENTRIES = 1000
/** Numbers of one answer, some 20 bytes each. */
const MOST_POINTS = 200_000

/** Parameters of all questions about events. */
export const SCOPE = ['start', 'end', 'timeout', 'name', 'where'] as const

/** @param rangeMs of a question that names no `start` */
export function scopeOf(parameters: Parameters, now: number, rangeMs = DEFAULT_RANGE_MS): EventScope<WrittenMatchers> {
  const end = parameters.time('end', now)
  const start = parameters.time('start', Math.max(0, end - rangeMs))
  if (start < 0) throw bad('start', 'it is before 1970')
  if (end > LAST_MS) throw bad('end', 'it is after 2299')
  if (end <= start) throw bad('end', 'it is not after start')
  const names = someOf(parameters, 'name')
  const known: EventMatcher[] =
    names.length === 0 ? [] : [{ name: METRIC_NAME, op: '=~', value: names.map(escaped).join('|') }]
  const selectors = someOf(parameters, 'where').map(text => ({ parameter: 'where', text }))
  return { start, end, matchers: { known, selectors } }
}

/** A selector such as `signup{plan="pro"}`. */
export function selectorOf(parameter: string, text: string): WrittenMatchers {
  return { known: [], selectors: [{ parameter, text }] }
}

/** All values of a parameter that may be repeated. */
export function someOf(parameters: Parameters, name: string): string[] {
  const values = parameters.all(name)
  if (values.length > MOST_VALUES) throw bad(name, `it is given ${values.length} times: ${MOST_VALUES} is the most`)
  if (values.includes('')) throw bad(name, 'it is empty')
  return values
}

/** ms, above 0. Undefined if it is not given. */
export function lengthOf(parameters: Parameters, name: string): number | undefined {
  const ms = parameters.duration(name)
  if (ms !== undefined && ms <= 0) throw bad(name, 'zero or negative durations are not accepted: use 1h, or 1d')
  return ms
}

export function limitOf(parameters: Parameters, fallback: number): number {
  if ((parameters.text('limit') ?? '') === '') return fallback
  const limit = parameters.limit()
  if (limit < 1 || limit > MOST_ENTRIES) throw bad('limit', `${limit} is not from 1 to ${MOST_ENTRIES}`)
  return limit
}

/** Refuses an answer of too many numbers. @param name of the parameter that sets them */
export function checkSize(name: string, points: number, remedy: string): void {
  if (points > MOST_POINTS)
    throw bad(name, `the answer would have ${points} points, and ${MOST_POINTS} is the most: ${remedy}`)
}

const escaped = (text: string) => text.replace(/[\\^$.?*+()[\]{}|]/g, '\\$&')
