import { distance } from 'fastest-levenshtein'
import { EventBlockBuilder } from '../../core/model/event-builder.ts'
import { type JsonMemory, readJson, showJson } from '../../core/wire/json.ts'
import {
  type Attribute,
  type Attributes,
  BadInputError,
  DEFAULT_LIMITS,
  type EventBlock,
  ITEM_FLAWS,
  type ItemFlaw,
  type ItemLimits,
  measureAll,
  measureAttributes,
  measureName,
  NO_ATTRIBUTES,
  sortAttributes
} from '../../sdk/plugin/index.ts'

const KEYS = ['name', 'value', 'timestamp', 'id', 'attributes']
const KNOWN_KEYS: ReadonlySet<string> = new Set(KEYS)
// Edits, of half the characters at most; further off it is a guess.
const CLOSE_ENOUGH = 3
const SHOWN_CHARS = 60
// 1973 and 5138 in milliseconds. What lies outside was meant in seconds, or in micro- or nanoseconds.
const MIN_MS = 1e11
const MAX_MS = 1e14

// Enough to see the fault; a body may hold a million.
const MAX_ERRORS = 10
// More lines than this that do not parse, each an exception, are no NDJSON; a body of them would take half a minute.
const MAX_MALFORMED = 10_000

export type EventFormat = 'json' | 'ndjson'

export interface ReadEvents {
  readonly block: EventBlock
  /** Events left out, by reason. */
  readonly rejected: ReadonlyMap<string, number>
  readonly rejectedTotal: number
  /** The first ten, with `index` from 0 in JSON and `line` from 1 in NDJSON. */
  readonly errors: readonly { readonly index?: number; readonly line?: number; readonly message: string }[]
}

export interface EventOptions {
  readonly limits?: ItemLimits
  /** Limits the memory of one body's events. */
  readonly maxBytes?: number
  readonly memory?: JsonMemory
}

/**
 * @param now Unix ms. Throws {@link BadInputError} for a JSON body that does not parse; a line that does not is left
 * out, unless they are too many. Throws it also for too much.
 */
export function readEvents(format: EventFormat, body: Buffer, now: number, options: EventOptions = {}): ReadEvents {
  const { limits = DEFAULT_LIMITS, maxBytes = Number.POSITIVE_INFINITY, memory } = options
  const collector = new Collector(now, limits, maxBytes)
  const text = body.toString()
  if (format === 'json') readJson(text, json => addList(json, collector), memory)
  else addLines(text, collector, memory)
  return collector.finish()
}

function addList(json: unknown, collector: Collector): void {
  const list = Array.isArray(json) ? json : [json]
  for (let index = 0; index < list.length; index++) collector.add('index', index, list[index])
}

function addLines(text: string, collector: Collector, memory: JsonMemory | undefined): void {
  for (let start = 0, line = 1; start < text.length; line++) {
    const found = text.indexOf('\n', start)
    const end = found < 0 ? text.length : found
    const json = text.slice(start, end).trim()
    if (json !== '') addLine(line, json, collector, memory)
    start = end + 1
  }
}

function addLine(line: number, json: string, collector: Collector, memory: JsonMemory | undefined): void {
  try {
    readJson(json, event => collector.add('line', line, event), memory)
  } catch (error) {
    if (!BadInputError.is(error) || error.reason === 'too_large') throw error
    collector.addMalformed(line, error.message)
  }
}

class Collector {
  readonly #rejected = new Map<string, number>()
  readonly #errors: { index?: number; line?: number; message: string }[] = []
  #rejectedTotal = 0
  #malformed = 0
  readonly #now: number
  readonly #limits: ItemLimits
  readonly #builder: EventBlockBuilder

  constructor(now: number, limits: ItemLimits, maxBytes: number) {
    this.#now = now
    this.#limits = limits
    this.#builder = new EventBlockBuilder(maxBytes)
  }

  add(unit: 'index' | 'line', place: number, json: unknown): void {
    const event = readEvent(json, this.#now, this.#limits)
    if (event instanceof BadEvent) return this.#reject(unit, place, event)
    this.#builder.add(event.time, event.name, event.attributes, event.id, event.value)
  }

  /** A line that is not JSON. */
  addMalformed(line: number, message: string): void {
    this.#reject('line', line, new BadEvent('malformed', () => message))
    if (++this.#malformed > MAX_MALFORMED)
      throw new BadInputError(`more than ${MAX_MALFORMED} lines are not JSON, first: ${this.#errors[0].message}`)
  }

  #reject(unit: 'index' | 'line', place: number, { reason, message }: BadEvent): void {
    this.#rejectedTotal++
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1)
    if (this.#errors.length < MAX_ERRORS) this.#errors.push({ [unit]: place, message: message() })
  }

  finish(): ReadEvents {
    const block = this.#builder.build()
    return { block, rejected: this.#rejected, rejectedTotal: this.#rejectedTotal, errors: this.#errors }
  }
}

interface Event {
  readonly name: string
  readonly value: number
  /** Unix ms. */
  readonly time: number
  readonly id: string | undefined
  readonly attributes: Attributes
}

/** Why events are refused, for the ledger. */
type Flaw =
  | ItemFlaw
  | 'malformed'
  | 'unknown_key'
  | 'bad_name'
  | 'bad_value'
  | 'bad_timestamp'
  | 'bad_id'
  | 'bad_attributes'

/** One event that cannot be taken; the message is for its sender, made only for the few that are shown. */
class BadEvent {
  readonly reason: Flaw
  readonly message: () => string

  constructor(reason: Flaw, message: () => string) {
    this.reason = reason
    this.message = message
  }
}

/** @param now Unix ms, the time of events that have none */
function readEvent(json: unknown, now: number, limits: ItemLimits): Event | BadEvent {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return new BadEvent('malformed', () => `an event is an object, not ${showJson(json)}`)
  const { name, value = 1, id, timestamp, attributes } = json as Record<string, unknown>
  for (const key in json) if (!KNOWN_KEYS.has(key)) return unknownKey(key)
  if (typeof name !== 'string' || name === '') return bad('bad_name', 'name', 'a string that is not empty', name)
  if (typeof value !== 'number' || !Number.isFinite(value)) return bad('bad_value', 'value', 'a finite number', value)
  if (id !== undefined && (typeof id !== 'string' || id === ''))
    return bad('bad_id', 'id', 'a string that is not empty', id)
  const time = timestamp === undefined ? now : readTime(timestamp)
  if (time instanceof BadEvent) return time
  const sorted = attributes === undefined ? NO_ATTRIBUTES : readAttributes(attributes)
  if (sorted instanceof BadEvent) return sorted
  const length = measureAll(limits, measureName(name, limits), measureAttributes(sorted, limits))
  if (typeof length === 'string') return new BadEvent(length, () => `an event ${ITEM_FLAWS[length]}: send less in one`)
  if (id !== undefined && id.length > limits.max_value_length)
    return new BadEvent('value_too_long', () => 'an event with an id longer than max_value_length: send a shorter one')
  return { name, value, time, id, attributes: sorted }
}

function readTime(timestamp: unknown): number | BadEvent {
  const time = typeof timestamp === 'string' ? parseTime(timestamp) : timestamp
  if (typeof time === 'number' && time >= MIN_MS && time < MAX_MS) return time
  return bad('bad_timestamp', 'timestamp', 'Unix milliseconds, or RFC 3339 such as 2026-01-31T12:00:00.5Z', timestamp)
}

/** NaN for a text without date, time and offset: its meaning would depend on the machine. */
function parseTime(text: string): number {
  const sign = text[text.length - 6]
  const hasOffset = text.endsWith('Z') || sign === '+' || sign === '-'
  return hasOffset && text[10] === 'T' ? Date.parse(text) : Number.NaN
}

function readAttributes(attributes: unknown): Attributes | BadEvent {
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes))
    return bad('bad_attributes', 'attributes', 'an object', attributes)
  const pairs: Attribute[] = []
  for (const key of Object.keys(attributes)) {
    const value: unknown = attributes[key as keyof typeof attributes]
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      return bad('bad_attributes', `attributes.${key}`, 'a string, number or boolean', value)
    pairs.push([key, value])
  }
  return sortAttributes(pairs)
}

function unknownKey(key: string): BadEvent {
  return new BadEvent('unknown_key', () => {
    const start = key.slice(0, SHOWN_CHARS)
    const meant = keyLike(start)
    const hint = meant === undefined ? `there are ${KEYS.join(', ')}` : `did you mean ${meant}?`
    return `${showJson(key)} is not part of an event: ${hint}`
  })
}

/** The key that `text` abbreviates (`time`), contains (`@timestamp`) or misspells. */
function keyLike(text: string): string | undefined {
  const related = KEYS.find(key => key.length > 2 && (text.includes(key) || (text.length > 2 && key.startsWith(text))))
  if (related !== undefined) return related
  const [closest] = KEYS.toSorted((a, b) => distance(text, a) - distance(text, b))
  return distance(text, closest) <= Math.min(CLOSE_ENOUGH, text.length / 2) ? closest : undefined
}

function bad(reason: Flaw, key: string, wanted: string, seen: unknown): BadEvent {
  return new BadEvent(reason, () => `${key} must be ${wanted}, not ${seen === undefined ? 'missing' : showJson(seen)}`)
}
