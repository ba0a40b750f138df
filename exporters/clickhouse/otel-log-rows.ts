import {
  type Attribute,
  type Attributes,
  type AttributeValue,
  attributeText,
  findAttribute,
  NO_ATTRIBUTES
} from '../../core/model/attributes.ts'
import type { EventBlock } from '../../core/model/events.ts'
import {
  BODY,
  EVENT_NAME,
  EVENT_VALUE,
  logPartOf,
  RECORD_UID,
  SCOPE_NAME,
  SCOPE_VERSION,
  SEVERITY_NUMBER,
  SEVERITY_TEXT,
  SPAN_ID,
  TRACE_FLAGS,
  TRACE_ID,
  UNNAMED
} from '../../core/wire/otlp/log-attributes.ts'
import { ByteSink, NativeBlock, NestedColumn } from './native-format.ts'

/** An attribute for the id of an event that has no `log.record.uid`. */
const EVENT_ID = 'event.id'
const SERVICE_NAME = 'service.name'
/** Of a UInt8. */
const HIGHEST_NUMBER = 255
/** Columns of fields that are texts, by attribute. */
const TEXT_COLUMNS: readonly (readonly [attribute: string, column: string])[] = [
  [TRACE_ID, 'TraceId'],
  [SPAN_ID, 'SpanId'],
  [SEVERITY_TEXT, 'SeverityText'],
  [SCOPE_NAME, 'ScopeName'],
  [SCOPE_VERSION, 'ScopeVersion']
]

type Entry = readonly [key: string, text: string]

/** Rows of `otel_logs`. An event that is no log record is one whose body is its name. */
export function logRows(block: EventBlock): NativeBlock {
  const n = block.length
  const services = new ByteSink()
  const bodies = new ByteSink()
  const maps = { resource: new NestedColumn(n), log: new NestedColumn(n) }
  for (let i = 0; i < n; i++) {
    const own = block.attributes[i]
    services.text(attributeText(findAttribute(own, SERVICE_NAME) ?? ''))
    bodies.text(attributeText(findAttribute(own, BODY) ?? block.name[i]))
    const resource = resourceOf(own)
    addRow(maps.resource, resource.map(textEntry))
    addRow(maps.log, logAttributes(block, i, resource))
  }
  const rows = new NativeBlock(n)
  rows.time('Timestamp', 9, block.time)
  rows.texts('ServiceName', services)
  rows.texts('Body', bodies)
  for (const [attribute, column] of TEXT_COLUMNS) rows.texts(column, fieldTexts(block, attribute))
  rows.numbers('SeverityNumber', 'UInt8', fieldNumbers(block, SEVERITY_NUMBER, Number))
  rows.numbers(
    'TraceFlags',
    'UInt8',
    fieldNumbers(block, TRACE_FLAGS, hex => Number.parseInt(String(hex), 16))
  )
  rows.map('ResourceAttributes', 'String', 'String', maps.resource)
  rows.map('LogAttributes', 'String', 'String', maps.log)
  return rows
}

function fieldTexts({ attributes }: EventBlock, name: string): ByteSink {
  const texts = new ByteSink()
  for (const own of attributes) {
    const value = findAttribute(own, name)
    texts.text(value !== undefined && hasColumn(name, value) ? String(value) : '')
  }
  return texts
}

function fieldNumbers({ attributes }: EventBlock, name: string, numberOf: (value: AttributeValue) => number) {
  return Uint8Array.from(attributes, own => {
    const value = findAttribute(own, name)
    return value !== undefined && hasColumn(name, value) ? numberOf(value) : 0
  })
}

/** The attributes that have no column, and what log records have no field for. */
function logAttributes({ name, id, attributes, value }: EventBlock, row: number, resource: Attributes): Entry[] {
  const own = attributes[row]
  const entries: Entry[] = own
    .filter(attribute => !hasColumn(...attribute) && !resource.includes(attribute))
    .map(textEntry)
  const isNamed = name[row] !== UNNAMED || findAttribute(own, BODY) === undefined
  const uid = id[row]
  if (isNamed && findAttribute(own, EVENT_NAME) === undefined) entries.push([EVENT_NAME, name[row]])
  if (uid !== undefined && findAttribute(own, RECORD_UID) === undefined) entries.push([EVENT_ID, uid])
  if (value[row] !== 1) entries.push([EVENT_VALUE, String(value[row])])
  return entries
}

/** Only log records have a resource. An event of another kind has no field of them. */
function resourceOf(attributes: Attributes): Attributes {
  if (!attributes.some(attribute => hasColumn(...attribute))) return NO_ATTRIBUTES
  return attributes.filter(attribute => logPartOf(...attribute) === 'resource')
}

function hasColumn(key: string, value: AttributeValue): boolean {
  const part = logPartOf(key, value)
  return part === 'scope' || (part === 'record' && (key !== SEVERITY_NUMBER || Number(value) <= HIGHEST_NUMBER))
}

function addRow(column: NestedColumn, entries: readonly Entry[]): void {
  for (const [key, text] of entries) {
    column.keys.text(key)
    column.values.text(text)
  }
  column.endRow(entries.length)
}

const textEntry = ([key, value]: Attribute): Entry => [key, attributeText(value)]
