import {
  type Attribute,
  type Attributes,
  type AttributeValue,
  findAttribute,
  NO_ATTRIBUTES,
  sortAttributes,
  withAttributes
} from '../../model/attributes.ts'
import { EventBlockBuilder } from '../../model/event-builder.ts'
import type { EventBlock } from '../../model/events.ts'
import { type ItemFlaw, type ItemLimits, measureAll, measureAttributes, measureName } from '../../model/item-limits.ts'
import type { Scope } from '../../model/series.ts'
import { OtlpRejections } from './forms.ts'
import {
  BODY,
  EVENT_NAME,
  EVENT_VALUE,
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

/** OTLP's LogRecord. Fields that are not given are empty or 0. */
export interface LogRecord {
  /** Unix ms. */
  time: number
  observedTime: number
  severityNumber: number
  severityText: string
  body: AttributeValue
  attributes: Attributes
  /** Hexadecimal. */
  traceId: string
  spanId: string
  /** The lowest eight bits are the trace flags of W3C. */
  flags: number
  eventName: string
}

export const emptyRecord = (): LogRecord => ({
  time: 0,
  observedTime: 0,
  severityNumber: 0,
  severityText: '',
  body: null,
  attributes: NO_ATTRIBUTES,
  traceId: '',
  spanId: '',
  flags: 0,
  eventName: ''
})

export interface DecodedLogs {
  readonly block: EventBlock
  /** The records that were left out of it. */
  readonly rejections: OtlpRejections
  /** Texts in which bytes were replaced, because they were not UTF-8. */
  readonly replacedTexts: number
}

/**
 * Makes events of log records. Of the same attribute from several places one counts: fields of the record come before
 * its attributes, these before those of the scope, and these before those of the resource.
 */
export class LogEvents {
  readonly rejections = new OtlpRejections('log record', 'scope')
  readonly #limits: ItemLimits
  readonly #receivedAt: number
  readonly #builder: EventBlockBuilder
  #resource: Attributes = NO_ATTRIBUTES
  #resourceLength: number | ItemFlaw = 0
  #scopeName = ''
  /** Attributes of the scope and its resource. */
  #surroundings: Attributes = NO_ATTRIBUTES
  #surroundingsLength: number | ItemFlaw = 0

  /** @param receivedAt Unix ms, for records without time */
  constructor(receivedAt: number, limits: ItemLimits, maxBytes: number) {
    this.#limits = limits
    this.#receivedAt = receivedAt
    this.#builder = new EventBlockBuilder(maxBytes)
  }

  /** The resource of the scopes that follow. A flaw refuses all of their records. */
  beginResource(attributes: Attributes | ItemFlaw): void {
    const isRead = typeof attributes !== 'string'
    this.#resource = isRead ? attributes : NO_ATTRIBUTES
    this.#resourceLength = isRead ? measureAttributes(attributes, this.#limits) : attributes
  }

  /** The scope of the records that follow. */
  beginScope(scope: Scope | ItemFlaw): void {
    const isRead = typeof scope !== 'string'
    const length = isRead ? measureAttributes(scope.attributes, this.#limits) : scope
    this.#surroundingsLength = measureAll(this.#limits, this.#resourceLength, length)
    this.#scopeName = isRead ? scope.name : ''
    this.#surroundings = isRead ? this.#withScope(scope) : this.#resource
  }

  add(record: LogRecord): void {
    const { attributes, eventName, time, observedTime } = record
    const named = findAttribute(attributes, EVENT_NAME)
    const name = eventName || (typeof named === 'string' ? named : '') || UNNAMED
    const lengths = [
      measureName(name, this.#limits),
      measureAttributes(attributes, this.#limits),
      this.#measureTexts(record)
    ]
    const length = measureAll(this.#limits, this.#surroundingsLength, ...lengths)
    if (typeof length === 'string') return this.refuse(length)
    const { id, value, others } = takeOwn(attributes)
    const all = withAttributes(withAttributes(this.#surroundings, others), fieldsOf(record))
    this.#builder.add(time || observedTime || this.#receivedAt, name, all, id, value)
  }

  /** Texts beside the body, which nobody writes long. */
  #measureTexts({ severityText, traceId, spanId }: LogRecord): number | ItemFlaw {
    const lengths = [severityText.length, traceId.length, spanId.length]
    if (Math.max(...lengths) > this.#limits.max_value_length) return 'value_too_long'
    return lengths.reduce((sum, length) => sum + length, 0)
  }

  refuse(flaw: ItemFlaw): void {
    this.rejections.add(flaw, 1, this.#scopeName)
  }

  build(): EventBlock {
    return this.#builder.build()
  }

  #withScope({ name, version, attributes }: Scope): Attributes {
    const texts: Attribute[] = []
    if (name !== '') texts.push([SCOPE_NAME, name])
    if (version !== '') texts.push([SCOPE_VERSION, version])
    return withAttributes(withAttributes(this.#resource, attributes), texts)
  }
}

/** The attributes that are an event's id and value, and the others. */
function takeOwn(attributes: Attributes): { id: string | undefined; value: number; others: Attributes } {
  const uid = findAttribute(attributes, RECORD_UID)
  const share = findAttribute(attributes, EVENT_VALUE)
  const id = typeof uid === 'string' && uid !== '' ? uid : undefined
  const value = typeof share === 'number' ? share : 1
  if (id === undefined && typeof share !== 'number') return { id, value, others: attributes }
  const isOther = ([key]: Attribute) =>
    !(key === RECORD_UID && id !== undefined) && !(key === EVENT_VALUE && typeof share === 'number')
  return { id, value, others: attributes.filter(isOther) }
}

function fieldsOf({ severityNumber, severityText, body, traceId, spanId, flags }: LogRecord): Attributes {
  const fields: Attribute[] = []
  if (body !== null) fields.push([BODY, body])
  if (severityNumber !== 0) fields.push([SEVERITY_NUMBER, severityNumber])
  if (severityText !== '') fields.push([SEVERITY_TEXT, severityText])
  if (spanId !== '') fields.push([SPAN_ID, spanId])
  const traceFlags = flags & 0xff
  if (traceFlags !== 0) fields.push([TRACE_FLAGS, traceFlags.toString(16).padStart(2, '0')])
  if (traceId !== '') fields.push([TRACE_ID, traceId])
  return sortAttributes(fields)
}
