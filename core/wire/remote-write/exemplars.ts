import { type Attribute, type Attributes, sortAttributes } from '../../model/attributes.ts'
import { eventBytes } from '../../model/block.ts'
import { EventBlockBuilder } from '../../model/event-builder.ts'
import type { EventBlock } from '../../model/events.ts'
import { type ItemLimits, measureAll, measureAttributes } from '../../model/item-limits.ts'
import { fixed64Tag, lengthTag, type ProtobufReader, varintTag } from '../protobuf/reader.ts'
import { readRepeated, varint } from '../protobuf/repeated.ts'
import { mostLabelBytes } from './label-set-finder.ts'
import { readLabel } from './labels.ts'
import { readMs } from './samples.ts'
import type { Symbols } from './symbols.ts'

// Exemplar of 1.0: labels 1 (Label), value 2, timestamp 3. Of 2.0: labels_refs 1, value 2, timestamp 3.
const LABELS = lengthTag(1)
const UNPACKED_REFS = varintTag(1)
const VALUE = fixed64Tag(2)
const TIMESTAMP = varintTag(3)

/** Name of the events that exemplars become. */
export const EXEMPLAR_EVENT = 'exemplar'
/** Comes before the labels of the exemplar's series. Its own labels, such as trace_id, stay as they are. */
export const SERIES_PREFIX = 'series.'
const NAME = `${SERIES_PREFIX}__name__`

/** Makes an event of each exemplar: its value and time, its labels, and those of its series. */
export class ExemplarReader {
  /** Exemplars read, taken or not. */
  count = 0
  readonly #limits: ItemLimits
  readonly #symbols: Symbols
  readonly #maxBytes: number
  readonly #mostLabelBytes: number
  #builder = new EventBlockBuilder()
  #isSecond = false
  /** Of the series at hand. Undefined if it has no name, or labels beyond the limits. */
  #series: Attributes | undefined

  constructor(limits: ItemLimits, maxBytes: number, symbols: Symbols) {
    this.#limits = limits
    this.#maxBytes = maxBytes
    this.#mostLabelBytes = mostLabelBytes(limits)
    this.#symbols = symbols
  }

  /** Begins a request. */
  begin(isSecond: boolean): void {
    this.#isSecond = isSecond
    this.#builder = new EventBlockBuilder()
    this.count = 0
  }

  /** Begins a series that has exemplars. @param labels undefined if they are beyond the limits */
  beginSeries(labels: readonly (readonly [string, string])[] | undefined): void {
    const named = labels?.map(([name, value]): Attribute => [`${SERIES_PREFIX}${name}`, value])
    this.#series = named?.some(([name, value]) => name === NAME && value !== '') ? sortAttributes(named) : undefined
  }

  /** Reads the exemplar ahead, whose tag was read. */
  read(reader: ProtobufReader): void {
    const outer = reader.enter()
    const labels: Attribute[] = []
    const refs: number[] = []
    let value = 0
    let time = 0
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === VALUE) value = reader.double()
      else if (tag === TIMESTAMP) time = readMs(reader)
      else if (this.#isSecond && (tag === LABELS || tag === UNPACKED_REFS)) readRepeated(reader, tag, refs, varint)
      else if (tag === LABELS) labels.push(readLabel(reader))
      else reader.skip(tag)
    }
    reader.leave(outer)
    this.count++
    if (this.#series === undefined) return
    const own = this.#isSecond ? this.#symbols.labelsOf(reader, refs, this.#mostLabelBytes) : labels
    if (own === undefined) return
    // A label of its own may be called as one of the series is here.
    const attributes = sortAttributes([...own, ...this.#series])
    const length = measureAll(this.#limits, measureAttributes(attributes, this.#limits))
    // The points are not refused for exemplars that nobody has room for.
    const hasRoom = this.#builder.bytes + eventBytes(EXEMPLAR_EVENT, undefined, attributes) <= this.#maxBytes
    if (typeof length === 'number' && hasRoom) this.#builder.add(time, EXEMPLAR_EVENT, attributes, undefined, value)
  }

  /** The events of all exemplars that can be taken. */
  build(): EventBlock {
    return this.#builder.build()
  }
}
