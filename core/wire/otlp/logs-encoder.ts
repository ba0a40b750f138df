import { type Attribute, type Attributes, type AttributeValue, findAttribute } from '../../model/attributes.ts'
import type { EventBlock } from '../../model/events.ts'
import { NO_RESOURCE, NO_SCOPE } from '../../model/series.ts'
import { writeAnyValue, writeKeyValue } from '../../model/series-table/attribute-bytes.ts'
import type { ProtobufWriter } from '../protobuf/writer.ts'
import { writeResource, writeScope } from './header-writer.ts'
import {
  BODY,
  EVENT_VALUE,
  type LogPart,
  logPartOf,
  RECORD_UID,
  SCOPE_NAME,
  SCOPE_VERSION,
  SEVERITY_NUMBER,
  SEVERITY_TEXT,
  TRACE_FLAGS,
  TRACE_ID,
  UNNAMED
} from './log-attributes.ts'
import { NanosWriter } from './nanos-writer.ts'

const ATTRIBUTES = 6

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
    if (value[row] !== 1) this.#attribute(EVENT_VALUE, value[row])
  }

  #attribute(key: string, value: AttributeValue): void {
    this.#writer.nested(ATTRIBUTES, () => writeKeyValue(this.#writer, key, value))
  }

  /** True for an attribute that is no attribute of the record, but a field of it, or of its surroundings. */
  #field(key: string, value: AttributeValue): boolean {
    const writer = this.#writer
    const part = logPartOf(key, value)
    if (part !== 'record') return part !== undefined
    if (key === BODY) writer.nested(5, () => writeAnyValue(writer, value))
    else if (key === SEVERITY_NUMBER) writer.integer(2, Number(value))
    else if (key === SEVERITY_TEXT) writer.string(3, String(value))
    else if (key === TRACE_FLAGS) writer.fixed32(8, Number.parseInt(String(value), 16))
    else writer.bytes(key === TRACE_ID ? 9 : 10, Buffer.from(String(value), 'hex'))
    return true
  }
}

/** Rows by scope, by resource; both are texts that {@link parsed} reads. */
function rowsOf({ attributes }: EventBlock): Map<string, Map<string, number[]>> {
  const resources = new Map<string, Map<string, number[]>>()
  for (const [row, own] of attributes.entries()) {
    const [resource, scope] = [textsOf(own, 'resource'), textsOf(own, 'scope')]
    const scopes = resources.get(resource) ?? new Map<string, number[]>()
    const rows = scopes.get(scope) ?? []
    resources.set(resource, scopes)
    scopes.set(scope, rows)
    rows.push(row)
  }
  return resources
}

function textsOf(attributes: Attributes, part: LogPart): string {
  const texts: Attribute[] = []
  for (const attribute of attributes) if (logPartOf(...attribute) === part) texts.push(attribute)
  return texts.length === 0 ? '[]' : JSON.stringify(texts)
}

const parsed = (texts: string) => JSON.parse(texts) as Attributes

function scopeOf(texts: Attributes) {
  const of = (key: string) => String(findAttribute(texts, key) ?? '')
  return { ...NO_SCOPE, name: of(SCOPE_NAME), version: of(SCOPE_VERSION) }
}
