import { BadInputError } from '../errors.ts'
import type { Attributes, AttributeValue } from './attributes.ts'
import type { ItemFlaw } from './item-limits.ts'
import { type Metric, NO_RESOURCE, NO_SCOPE } from './series.ts'
import { KeyTable, UNKNOWN } from './series-table/key-table.ts'
import type { Series, SeriesTable } from './series-table/series-table.ts'

// Bytes in memory, as measured with Node 26.
/** A pair, its place in the list, and the heads of its two texts. */
const PER_ATTRIBUTE = 112
/** Two objects, the heads of their texts, and the note by which the key is found. */
const PER_SHARED = 320
const PER_SCALAR = 16
const PER_BYTES_VALUE = 96
const PER_LIST = 48
const PER_ITEM = 8
const PER_KEY = 64

/** Memory of a resource, a scope or a metric, which many series share. Twice: a key made of it is kept with it. */
export function sharedBytes(attributes: Attributes, ...texts: readonly string[]): number {
  return PER_SHARED + 2 * texts.reduce((bytes, text) => bytes + text.length, attributesBytes(attributes))
}

/** Memory that attributes take, in bytes, at a byte a character. */
export function attributesBytes(attributes: Attributes): number {
  let bytes = attributes.length * PER_ATTRIBUTE
  for (const [name, value] of attributes) bytes += name.length + valueBytes(value)
  return bytes
}

/** Memory of attributes of these names, in bytes, without their values. */
export function namedBytes(names: readonly string[]): number {
  return names.reduce((bytes, name) => bytes + name.length, names.length * PER_ATTRIBUTE)
}

function valueBytes(value: AttributeValue): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return PER_SCALAR
  if (value instanceof Uint8Array) return PER_BYTES_VALUE + value.length
  let bytes = PER_LIST
  if (isList(value)) for (const item of value) bytes += PER_ITEM + valueBytes(item)
  else for (const key of Object.keys(value)) bytes += PER_KEY + key.length + valueBytes(value[key])
  return bytes
}

/** Columns of processors and exporters in which a series has a place, as long as it is in the table. */
const COLUMN_BYTES = 64

/** Adds up the memory of new series, which their sender pays for. */
export class NewSeries {
  bytes = 0
  readonly table: SeriesTable
  readonly #maxBytes: number

  /** @param maxBytes of one request */
  constructor(table: SeriesTable, maxBytes = Number.POSITIVE_INFINITY) {
    this.table = table
    this.#maxBytes = maxBytes
  }

  /**
   * {@link SeriesTable.intern} for a series that was received, counted. Throws {@link BadInputError} `too_large` for more
   * than `maxBytes`.
   */
  receive(metric: Metric, attributes: Attributes, resource = NO_RESOURCE, scope = NO_SCOPE): Series | ItemFlaw {
    const id = this.receiveIn(this.table.contextOf(metric, resource, scope), attributes)
    return typeof id === 'number' ? this.table.at(id) : id
  }

  /** The id of a series of a context that the table has. */
  receiveIn(context: number, attributes: Attributes): number | ItemFlaw {
    const { made } = this.table
    const id = this.table.receive(context, attributes)
    if (id === UNKNOWN) return 'too_many_series'
    if (this.table.made > made) this.addKey(this.table.keyOf(id))
    return id
  }

  /** The attributes of a new series. */
  addKey({ start, end }: { readonly start: number; readonly end: number }): void {
    this.add(KeyTable.bytesOf(end - start) + COLUMN_BYTES)
  }

  /** @param bytes of other new parts: {@link sharedBytes} */
  add(bytes: number): void {
    this.bytes += bytes
    if (this.bytes > this.#maxBytes)
      throw new BadInputError(
        `series that were not known take more than ${this.#maxBytes} bytes in memory: send less at once, or raise service.limits.in_flight`,
        'too_large'
      )
  }
}

const isList = (value: object): value is readonly AttributeValue[] => Array.isArray(value)
