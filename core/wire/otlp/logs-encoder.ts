import { type Attribute, type Attributes, type AttributeValue, findAttribute } from '../../model/attributes.ts'
import type { EventBlock } from '../../model/events.ts'
import { NO_RESOURCE, NO_SCOPE } from '../../model/series.ts'
import { writeAnyValue, writeKeyValue } from '../../model/series-table/attribute-bytes.ts'
import type { ProtobufWriter } from '../protobuf/writer.ts'
import { writeResource, writeScope } from './header-writer.ts'
import {
  BODY,
  RECORD_UID,
  SCOPE_NAME,
  SCOPE_VERSION,
  SEVERITY_NUMBER,
  SEVERITY_TEXT,
  SPAN_ID,
  TRACE_FLAGS,
  TRACE_ID,
  UNNAMED
} from './log-attributes.ts'
import { NanosWriter } from './nanos-writer.ts'

/** Attributes of an event that are the sender's own: backends look for them on the resource. */
const OF_RESOURCE: ReadonlySet<string> = new Set([
  'service.instance.id',
  'service.name',
  'service.namespace',
  'service.version'
])
const OF_SCOPE: ReadonlySet<string> = new Set([SCOPE_NAME, SCOPE_VERSION])
/** The event's share in a sum, which log records do not have. */
const VALUE = 'event.value'
const ATTRIBUTES = 6
const HEX: Readonly<Record<string, RegExp>> = {
  [TRACE_ID]: /^[0-9a-f]{32}$/,
  [SPAN_ID]: /^[0-9a-f]{16}$/,
  [TRACE_FLAGS]: /^[0-9a-f]{2}$/
}

/** Writes ExportLogsServiceRequests: an event is a log record. The reverse of `LogEvents`. */
export class LogsEncoder {
  readonly #writer: ProtobufWriter
  readonly #time: NanosWriter

  constructor(writer: ProtobufWriter) {
    this.#writer = writer
    this.#time = new NanosWriter(writer)
  }

  /** The bytes are valid until the writer is used again. */
  encode(block: EventBlock): Uint8Array {
    const writer = this.#writer
    writer.reset()
    for (const [resource, scopes] of rowsOf(block))
      writer.nested(1, () => {
        writeResource(writer, { ...NO_RESOURCE, attributes: parsed(resource) })
        for (const [scope, rows] of scopes)
          writer.nested(2, () => {
            writeScope(writer, scopeOf(parsed(scope)))
            for (const row of rows) writer.nested(2, () => this.#record(block, row))
          })
      })
    return writer.finish()
  }

  #record({ time, name, id, attributes, value }: EventBlock, row: number): void {
    const writer = this.#writer
    this.#time.write(1, time[row])
    if (name[row] !== UNNAMED) writer.string(12, name[row])
    for (const [key, own] of attributes[row]) if (!this.#field(key, own)) this.#attribute(key, own)
    const uid = id[row]
    if (uid !== undefined && findAttribute(attributes[row], RECORD_UID) === undefined) this.#attribute(RECORD_UID, uid)
    if (value[row] !== 1) this.#attribute(VALUE, value[row])
  }

  #attribute(key: string, value: AttributeValue): void {
    this.#writer.nested(ATTRIBUTES, () => writeKeyValue(this.#writer, key, value))
  }

  /** True for an attribute that is no attribute of the record, but a field of it, or of its surroundings. */
  #field(key: string, value: AttributeValue): boolean {
    const writer = this.#writer
    if (isText(OF_RESOURCE, key, value) || isText(OF_SCOPE, key, value)) return true
    if (key === BODY) writer.nested(5, () => writeAnyValue(writer, value))
    else if (key === SEVERITY_NUMBER && Number.isInteger(value) && Number(value) >= 0) writer.integer(2, Number(value))
    else if (key === SEVERITY_TEXT && typeof value === 'string') writer.string(3, value)
    else if (typeof value !== 'string' || !HEX[key]?.test(value)) return false
    else if (key === TRACE_FLAGS) writer.fixed32(8, Number.parseInt(value, 16))
    else writer.bytes(key === TRACE_ID ? 9 : 10, Buffer.from(value, 'hex'))
    return true
  }
}

/** Rows by scope, by resource; both are texts that {@link parsed} reads. */
function rowsOf({ attributes }: EventBlock): Map<string, Map<string, number[]>> {
  const resources = new Map<string, Map<string, number[]>>()
  for (const [row, own] of attributes.entries()) {
    const [resource, scope] = [textsOf(own, OF_RESOURCE), textsOf(own, OF_SCOPE)]
    const scopes = resources.get(resource) ?? new Map<string, number[]>()
    const rows = scopes.get(scope) ?? []
    resources.set(resource, scopes)
    scopes.set(scope, rows)
    rows.push(row)
  }
  return resources
}

function textsOf(attributes: Attributes, names: ReadonlySet<string>): string {
  const texts: Attribute[] = []
  for (const attribute of attributes) if (isText(names, ...attribute)) texts.push(attribute)
  return texts.length === 0 ? '[]' : JSON.stringify(texts)
}

const parsed = (texts: string) => JSON.parse(texts) as Attributes

const isText = (names: ReadonlySet<string>, key: string, value: AttributeValue) =>
  typeof value === 'string' && names.has(key)

function scopeOf(texts: Attributes) {
  const of = (key: string) => String(findAttribute(texts, key) ?? '')
  return { ...NO_SCOPE, name: of(SCOPE_NAME), version: of(SCOPE_VERSION) }
}
