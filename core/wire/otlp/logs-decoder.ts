import { readAnyValue, readKeyValue } from '../../model/any-value.ts'
import { type Attribute, type AttributeValue, sortAttributes } from '../../model/attributes.ts'
import { DEFAULT_LIMITS, type ItemFlaw, type ItemLimits } from '../../model/item-limits.ts'
import { fixed32Tag, fixed64Tag, lengthTag, ProtobufReader, varintTag } from '../protobuf/reader.ts'
import type { DecoderOptions } from './decoded-metrics.ts'
import { FieldSpan } from './field-span.ts'
import { mostIdentityBytes, RESOURCE, readResource, readScope, SCHEMA_URL, SCOPE } from './header-cache.ts'
import { type DecodedLogs, emptyRecord, LogEvents, type LogRecord } from './log-events.ts'
import { readTime } from './point-fields.ts'

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
// ExportLogsServiceRequest: resource_logs 1. ResourceLogs: resource 1, scope_logs 2, schema_url 3. ScopeLogs: scope 1,
// log_records 2, schema_url 3. LogRecord: time_unix_nano 1 (fixed64), severity_number 2, severity_text 3, body 5,
// attributes 6, dropped_attributes_count 7 (not kept), flags 8 (fixed32), trace_id 9, span_id 10,
// observed_time_unix_nano 11 (fixed64), event_name 12.
const RESOURCE_LOGS = lengthTag(1)
const SCOPE_LOGS = lengthTag(2)
const LOG_RECORDS = lengthTag(2)
const TIME = fixed64Tag(1)
const SEVERITY_NUMBER = varintTag(2)
const SEVERITY_TEXT = lengthTag(3)
const BODY = lengthTag(5)
const ATTRIBUTES = lengthTag(6)
const FLAGS = fixed32Tag(8)
const TRACE_ID = lengthTag(9)
const SPAN_ID = lengthTag(10)
const OBSERVED_TIME = fixed64Tag(11)
const EVENT_NAME = lengthTag(12)
/** Fields of AnyValue with many values in them. */
const COMPOSITES: readonly number[] = [lengthTag(5), lengthTag(6)]

/**
 * Decodes an OTLP ExportLogsServiceRequest. Records that are too large are left out, each by itself.
 *
 * @param receivedAt Unix ms. Throws {@link BadInputError} if the body is not protobuf of this shape, or too large.
 */
export function decodeLogs(
  body: Buffer,
  receivedAt: number,
  { maxBytes = Number.POSITIVE_INFINITY, limits = DEFAULT_LIMITS }: DecoderOptions = {}
): DecodedLogs {
  const decoder = new LogsDecoder(body, new LogEvents(receivedAt, limits, maxBytes), limits)
  return decoder.decode()
}

class LogsDecoder {
  readonly #reader: ProtobufReader
  readonly #events: LogEvents
  readonly #limits: ItemLimits
  /** Larger fields are refused by their size: two bytes of them could be hundreds in memory. */
  readonly #mostBytes: number
  readonly #header = new FieldSpan()
  #replacedTexts = 0

  constructor(body: Buffer, events: LogEvents, limits: ItemLimits) {
    this.#reader = new ProtobufReader(body)
    this.#events = events
    this.#limits = limits
    this.#mostBytes = mostIdentityBytes(limits)
  }

  decode(): DecodedLogs {
    const reader = this.#reader
    this.#each(RESOURCE_LOGS, () => {
      const resource = this.#readHeader(RESOURCE, readResource)
      this.#events.beginResource(typeof resource === 'string' ? resource : resource.attributes)
      this.#each(SCOPE_LOGS, () => {
        this.#events.beginScope(this.#readHeader(SCOPE, readScope))
        this.#each(LOG_RECORDS, () => this.#record())
      })
    })
    const { rejections } = this.#events
    return { block: this.#events.build(), rejections, replacedTexts: this.#replacedTexts + reader.replacedTexts }
  }

  /** Calls `read` inside each message with `tag`. */
  #each(tag: number, read: () => void): void {
    const reader = this.#reader
    while (reader.at < reader.limit) {
      const next = reader.tag()
      if (next !== tag) {
        reader.skip(next)
        continue
      }
      const outer = reader.enter()
      read()
      reader.leave(outer)
    }
  }

  /** Resource or scope of the message at hand, without moving on. */
  #readHeader<T>(tag: number, read: (reader: ProtobufReader) => T): T | ItemFlaw {
    const header = this.#header
    header.collect(this.#reader, tag, SCHEMA_URL)
    if (header.end - header.start > this.#mostBytes) return 'identity_too_long'
    const reader = new ProtobufReader(header.bytes, header.start, header.end)
    const value = read(reader)
    this.#replacedTexts += reader.replacedTexts
    return value
  }

  #record(): void {
    const reader = this.#reader
    const record = emptyRecord()
    const pairs: Attribute[] = []
    let flaw: ItemFlaw | undefined
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === ATTRIBUTES) flaw = this.#attribute(pairs) ?? flaw
      else if (tag === BODY) {
        const body = this.#body()
        if (body === undefined) flaw = 'value_too_long'
        else record.body = body
      } else if (!readField(reader, tag, record)) reader.skip(tag)
    }
    if (flaw !== undefined) return this.#events.refuse(flaw)
    record.attributes = sortAttributes(pairs)
    this.#events.add(record)
  }

  #attribute(pairs: Attribute[]): ItemFlaw | undefined {
    const reader = this.#reader
    const start = reader.at
    const bytes = reader.varint()
    reader.at = start
    if (bytes <= this.#mostBytes && pairs.length <= this.#limits.max_attributes) {
      pairs.push(readKeyValue(reader, 0))
      return undefined
    }
    reader.skip(ATTRIBUTES)
    return bytes > this.#mostBytes ? 'value_too_long' : 'too_many_attributes'
  }

  /** Text of any length; undefined for a list or map that is too large. */
  #body(): AttributeValue | undefined {
    const reader = this.#reader
    const start = reader.at
    const outer = reader.enter()
    let isTooLarge = false
    while (reader.at < reader.limit) {
      const from = reader.at
      const tag = reader.tag()
      reader.skip(tag)
      if (COMPOSITES.includes(tag) && reader.at - from > this.#mostBytes) isTooLarge = true
    }
    reader.leave(outer)
    if (isTooLarge) return undefined
    reader.at = start
    return readAnyValue(reader, 0)
  }
}

/** True for a field that a record keeps as it is. */
function readField(reader: ProtobufReader, tag: number, record: LogRecord): boolean {
  if (tag === TIME) record.time = readTime(reader)
  else if (tag === OBSERVED_TIME) record.observedTime = readTime(reader)
  else if (tag === SEVERITY_NUMBER) record.severityNumber = reader.varint()
  else if (tag === SEVERITY_TEXT) record.severityText = reader.text()
  else if (tag === FLAGS) record.flags = reader.view.getUint32(reader.take(4), true)
  else if (tag === TRACE_ID) record.traceId = reader.blob().toString('hex')
  else if (tag === SPAN_ID) record.spanId = reader.blob().toString('hex')
  else if (tag === EVENT_NAME) record.eventName = reader.text()
  else return false
  return true
}
