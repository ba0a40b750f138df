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
import type { ItemLimits } from '../../../sdk/plugin/index.ts'

const REQUIRED = ['id', 'source', 'type'] as const

/**
 * CloudEvents in the structured and the batched mode. An event is one of its source and id together.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export const cloudEventsFormat: EventFormat = { list: listOf, read: readCloudEvent }

function readCloudEvent(json: unknown, now: number, limits: ItemLimits): Event | BadEvent {
  const fields = fieldsOf(json)
  if (fields instanceof BadEvent) return fields
  const { specversion, id, type, time, ...rest } = fields
  if (specversion !== '1.0') return bad('bad_specversion', 'specversion', '"1.0"', specversion)
  for (const key of REQUIRED) {
    const value = fields[key]
    const reason = key === 'type' ? 'bad_name' : 'bad_id'
    if (typeof value !== 'string' || value === '') return bad(reason, key, 'a string that is not empty', value)
  }
  const at = time === undefined || time === null ? now : readTime(time, 'time')
  if (at instanceof BadEvent) return at
  const attributes = readAttributes(rest)
  if (attributes instanceof BadEvent) return attributes
  return measured({ name: type as string, value: 1, time: at, id: `${rest.source}#${id}`, attributes }, limits)
}
