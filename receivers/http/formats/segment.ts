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
} from '../../../core/wire/events/event.ts'
import { type Attribute, NO_ATTRIBUTES, sortAttributes } from '../../../sdk/plugin/index.ts'

const TYPES = ['track', 'page', 'screen', 'identify', 'group', 'alias']
/** Fields of a message that say who it is about. */
const IDENTITY = ['userId', 'anonymousId', 'groupId', 'previousId']

/**
 * Messages as Segment's libraries send them: `track`, `page`, `screen`, `identify`, `group` and `alias`, alone or as
 * `{ batch: […] }`. https://segment.com/docs/connections/spec/
 */
export const segmentFormat: EventFormat = { list: messagesOf, read: readMessage }

function messagesOf(json: unknown): readonly unknown[] {
  const batch = (json as { batch?: unknown } | null)?.batch
  return Array.isArray(batch) ? batch : listOf(json)
}

function readMessage(json: unknown, now: number, limits: Parameters<EventFormat['read']>[2]): Event | BadEvent {
  const fields = fieldsOf(json)
  if (fields instanceof BadEvent) return fields
  const { type, event, messageId: id, timestamp } = fields
  if (typeof type !== 'string' || !TYPES.includes(type))
    return bad('bad_type', 'type', `one of ${TYPES.join(', ')}`, type)
  if (type === 'track' && (typeof event !== 'string' || event === ''))
    return bad('bad_name', 'event', 'a string that is not empty', event)
  if (id !== undefined && (typeof id !== 'string' || id === ''))
    return bad('bad_id', 'messageId', 'a string that is not empty', id)
  const time = timestamp === undefined ? now : readTime(timestamp)
  if (time instanceof BadEvent) return time
  const attributes = attributesOf(fields)
  if (attributes instanceof BadEvent) return attributes
  return measured({ name: type === 'track' ? (event as string) : type, value: 1, time, id, attributes }, limits)
}

/** Properties and traits are attributes by their own names. Fields of the message are so too, and win. */
function attributesOf(fields: Record<string, unknown>): Event['attributes'] | BadEvent {
  const { properties = {}, traits = {}, type, name, context } = fields
  const pairs: Attribute[] = []
  for (const [key, value] of Object.entries({ properties, traits })) {
    const own = value === null ? NO_ATTRIBUTES : readAttributes(value, key)
    if (own instanceof BadEvent) return own
    pairs.push(...own)
  }
  for (const key of IDENTITY) {
    const value = fields[key]
    if (typeof value === 'string' || typeof value === 'number') pairs.push([key, value])
  }
  // The name of a page or screen; an event of `track` has its own.
  if (typeof name === 'string' && type !== 'track') pairs.push(['name', name])
  if (context !== undefined && context !== null) {
    const nested = readAttributes({ context })
    if (nested instanceof BadEvent) return nested
    pairs.push(...nested)
  }
  return sortAttributes(pairs)
}
