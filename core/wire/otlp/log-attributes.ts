import type { AttributeValue } from '../../model/attributes.ts'

/**
 * The attributes of an event that stand for fields of a log record. `trace_id`, `span_id` and `trace_flags` are named by
 * https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/, the scope by
 * https://opentelemetry.io/docs/specs/otel/common/mapping-to-non-otlp/, the others as in OTLP.
 */
export const SEVERITY_NUMBER = 'severity_number'
export const SEVERITY_TEXT = 'severity_text'
export const BODY = 'body'
export const TRACE_ID = 'trace_id'
export const SPAN_ID = 'span_id'
export const TRACE_FLAGS = 'trace_flags'
export const SCOPE_NAME = 'otel.scope.name'
export const SCOPE_VERSION = 'otel.scope.version'

/** An attribute that names the event if the record has no `event_name`, as senders of before had it. */
export const EVENT_NAME = 'event.name'
/** An attribute that is the sender's unique id of the record. */
export const RECORD_UID = 'log.record.uid'
/** The name of an event made of a log record without a name. */
export const UNNAMED = 'log'
/** An attribute that is the event's value, its share in a sum, which log records do not have. */
export const EVENT_VALUE = 'event.value'

/** The part of a log record that has a field for an attribute of an event. */
export type LogPart = 'record' | 'scope' | 'resource'

/** Undefined if there is no such field, or if it cannot have this value: then it is an attribute of the record. */
export function logPartOf(key: string, value: AttributeValue): LogPart | undefined {
  const field = FIELDS.get(key)
  return field?.[1](value) ? field[0] : undefined
}

const isText = (value: AttributeValue) => typeof value === 'string'
const isHex = (digits: number) => {
  const pattern = new RegExp(`^[0-9a-f]{${digits}}$`)
  return (value: AttributeValue) => typeof value === 'string' && pattern.test(value)
}

const FIELDS: ReadonlyMap<string, readonly [LogPart, (value: AttributeValue) => boolean]> = new Map([
  [BODY, ['record', () => true]],
  [SEVERITY_NUMBER, ['record', value => Number.isInteger(value) && Number(value) >= 0]],
  [SEVERITY_TEXT, ['record', isText]],
  [TRACE_ID, ['record', isHex(32)]],
  [SPAN_ID, ['record', isHex(16)]],
  [TRACE_FLAGS, ['record', isHex(2)]],
  [SCOPE_NAME, ['scope', isText]],
  [SCOPE_VERSION, ['scope', isText]],
  // Attributes that are the sender's own: backends look for them on the resource.
  ['service.instance.id', ['resource', isText]],
  ['service.name', ['resource', isText]],
  ['service.namespace', ['resource', isText]],
  ['service.version', ['resource', isText]]
])
