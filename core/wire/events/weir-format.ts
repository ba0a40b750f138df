import { NO_ATTRIBUTES } from '../../model/attributes.ts'
import type { ItemLimits } from '../../model/item-limits.ts'
import { levenshtein } from '../../packages.ts'
import { showJson } from '../json.ts'
import {
  BadEvent,
  bad,
  type Event,
  type EventFormat,
  fieldsOf,
  listOf,
  measured,
  readAttributes,
  readTime
} from './event.ts'

const KEYS = ['name', 'value', 'timestamp', 'id', 'attributes']
const KNOWN_KEYS: ReadonlySet<string> = new Set(KEYS)
// Edits, of half the characters at most; further off it is a guess.
const CLOSE_ENOUGH = 3
const SHOWN_CHARS = 60
/** Weir's own: `name`, `value`, `timestamp`, `id`, `attributes`. */
export const weirFormat: EventFormat = { list: listOf, read: readEvent }

function readEvent(json: unknown, now: number, limits: ItemLimits): Event | BadEvent {
  const fields = fieldsOf(json)
  if (fields instanceof BadEvent) return fields
  const { name, value = 1, id, timestamp, attributes } = fields
  for (const key in fields) if (!KNOWN_KEYS.has(key)) return unknownKey(key)
  if (typeof name !== 'string' || name === '') return bad('bad_name', 'name', 'a string that is not empty', name)
  if (typeof value !== 'number' || !Number.isFinite(value)) return bad('bad_value', 'value', 'a finite number', value)
  if (id !== undefined && (typeof id !== 'string' || id === ''))
    return bad('bad_id', 'id', 'a string that is not empty', id)
  const time = timestamp === undefined ? now : readTime(timestamp)
  if (time instanceof BadEvent) return time
  const sorted = attributes === undefined ? NO_ATTRIBUTES : readAttributes(attributes)
  if (sorted instanceof BadEvent) return sorted
  return measured({ name, value, time, id, attributes: sorted }, limits)
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
  const { distance } = levenshtein()
  const [closest] = KEYS.toSorted((a, b) => distance(text, a) - distance(text, b))
  return distance(text, closest) <= Math.min(CLOSE_ENOUGH, text.length / 2) ? closest : undefined
}
