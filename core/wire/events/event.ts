import { type Attribute, type Attributes, type AttributeValue, sortAttributes } from '../../model/attributes.ts'
import {
  ITEM_FLAWS,
  type ItemFlaw,
  type ItemLimits,
  measureAll,
  measureAttributes,
  measureName
} from '../../model/item-limits.ts'
import { showJson } from '../json.ts'

// 1973 and 5138 in milliseconds. What lies outside was meant in seconds, or in micro- or nanoseconds.
const MIN_MS = 1e11
const MAX_MS = 1e14

export interface Event {
  readonly name: string
  readonly value: number
  /** Unix ms. */
  readonly time: number
  readonly id: string | undefined
  readonly attributes: Attributes
}

/** Why events are refused, for the ledger. */
export type Flaw =
  | ItemFlaw
  | 'malformed'
  | 'unknown_key'
  | 'bad_name'
  | 'bad_type'
  | 'bad_specversion'
  | 'bad_value'
  | 'bad_timestamp'
  | 'bad_id'
  | 'bad_attributes'
  | 'schema_mismatch'
  | 'unknown_event'
  | 'unknown_schema_version'

/** One event that cannot be taken; the message is for its sender, made only for the few that are shown. */
export class BadEvent {
  readonly reason: Flaw
  readonly message: () => string

  constructor(reason: Flaw, message: () => string) {
    this.reason = reason
    this.message = message
  }
}

/** A form in which senders write events. */
export interface EventFormat {
  /** The events of a JSON body. */
  list(json: unknown): readonly unknown[]
  /** @param now Unix ms, the time of events that have none */
  read(json: unknown, now: number, limits: ItemLimits): Event | BadEvent
}

/** `event`, unless it is too large. */
export function measured(event: Event, limits: ItemLimits): Event | BadEvent {
  const length = measureAll(limits, measureName(event.name, limits), measureAttributes(event.attributes, limits))
  if (typeof length === 'string') return new BadEvent(length, () => `an event ${ITEM_FLAWS[length]}: send less in one`)
  if (event.id !== undefined && event.id.length > limits.max_value_length)
    return new BadEvent('value_too_long', () => 'an event with an id longer than max_value_length: send a shorter one')
  return event
}

/** The fields of a JSON object, or the fault. */
export function fieldsOf(json: unknown): Record<string, unknown> | BadEvent {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>
  return new BadEvent('malformed', () => `an event is an object, not ${showJson(json)}`)
}

export const listOf = (json: unknown): readonly unknown[] => (Array.isArray(json) ? json : [json])

/** @param key of the time, for the message */
export function readTime(timestamp: unknown, key = 'timestamp'): number | BadEvent {
  const time = typeof timestamp === 'string' ? parseTime(timestamp) : timestamp
  if (typeof time === 'number' && time >= MIN_MS && time < MAX_MS) return time
  return bad('bad_timestamp', key, 'Unix milliseconds, or RFC 3339 such as 2026-01-31T12:00:00.5Z', timestamp)
}

/** NaN for a text without date, time and offset: its meaning would depend on the machine. */
function parseTime(text: string): number {
  const sign = text[text.length - 6]
  const hasOffset = text.endsWith('Z') || sign === '+' || sign === '-'
  return hasOffset && text[10] === 'T' ? Date.parse(text) : Number.NaN
}

/** Each field is an attribute of its type: lists and objects too. A null is none, and left out. */
export function readAttributes(fields: unknown, key = 'attributes'): Attributes | BadEvent {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    return bad('bad_attributes', key, 'an object', fields)
  const pairs: Attribute[] = []
  for (const name of Object.keys(fields)) {
    const value = fields[name as keyof typeof fields] as AttributeValue
    if (value !== null) pairs.push([name, value])
  }
  return sortAttributes(pairs)
}

export function bad(reason: Flaw, key: string, wanted: string, seen: unknown): BadEvent {
  return new BadEvent(reason, () => `${key} must be ${wanted}, not ${seen === undefined ? 'missing' : showJson(seen)}`)
}
