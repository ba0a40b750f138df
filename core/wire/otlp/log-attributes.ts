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
