import { FLAG_NO_RECORDED_VALUE } from '../../model/points.ts'
import { fixed64Tag, lengthTag, type ProtobufReader, varintTag } from '../protobuf/reader.ts'
import { FieldSpan } from './field-span.ts'
import { TimeReader, unixMs } from './time.ts'

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
// NumberDataPoint: start_time_unix_nano 2 (fixed64), time_unix_nano 3 (fixed64), as_double 4, exemplars 5,
//   as_int 6 (sfixed64), attributes 7, flags 8. The two times have the same numbers in every kind of data point.
export const START_TIME = fixed64Tag(2)
export const TIME = fixed64Tag(3)
export const AS_DOUBLE = fixed64Tag(4)
export const AS_INT = fixed64Tag(6)
export const NUMBER_ATTRIBUTES = lengthTag(7)
const NUMBER_EXEMPLARS = lengthTag(5)
const FLAGS = varintTag(8)
/** A wire type. */
const FIXED64 = 1

/** Places of a point's numbers. */
const TIME_AT = 0
const START_AT = 1
const VALUE_AT = 2

/** The fields that every data point has, and a number's value. One object serves all points, to make none for each. */
export class PointFields {
  readonly attributes = new FieldSpan()
  /** Places of its exemplars in the body: two numbers for each, the begin of its length and its end. */
  exemplars: number[] = []
  /** True if there are some. They stay until {@link discardExemplars}: points without any pay nothing. */
  hasExemplars = false
  flags = 0
  hasValue = false
  // In fields, arguments or results V8 would make an object of each such number.
  readonly #numbers = new Float64Array(3)
  readonly #time = new TimeReader()
  readonly #start = new TimeReader()

  /** Unix ms; 0 if not given. */
  get time(): number {
    return this.#numbers[TIME_AT]
  }

  set time(ms: number) {
    this.#numbers[TIME_AT] = ms
  }

  /** Unix ms; 0 if not given. */
  get start(): number {
    return this.#numbers[START_AT]
  }

  set start(ms: number) {
    this.#numbers[START_AT] = ms
  }

  get value(): number {
    return this.#numbers[VALUE_AT]
  }

  /** Back to the defaults, for the data point that `reader` is about to meet. */
  begin(reader: ProtobufReader): void {
    this.attributes.begin(reader)
    this.time = this.start = this.flags = 0
    this.#numbers[VALUE_AT] = Number.NaN
    this.hasValue = false
  }

  /** Reads the rest of the current message, as a NumberDataPoint. */
  readNumber(reader: ProtobufReader): void {
    this.begin(reader)
    while (reader.at < reader.limit) this.#field(reader)
  }

  /** Takes the field of 64 bits with this tag and its content at `at`. False if it is none known here. */
  #fixed64(tag: number, view: DataView, at: number): boolean {
    if (tag === TIME) this.#time.read(view, at, this.#numbers, TIME_AT)
    else if (tag === START_TIME) this.#start.read(view, at, this.#numbers, START_AT)
    else return this.#value(tag, view, at)
    return true
  }

  #value(tag: number, view: DataView, at: number): boolean {
    if (tag === AS_INT) this.#numbers[VALUE_AT] = view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)
    else if (tag === AS_DOUBLE) this.#numbers[VALUE_AT] = view.getFloat64(at, true)
    else return false
    this.hasValue = true
    return true
  }

  #field(reader: ProtobufReader): void {
    const from = reader.at
    const tag = reader.tag()
    if (tag === NUMBER_ATTRIBUTES) {
      reader.skip(tag)
      this.attributes.add(reader, from)
    } else if ((tag & 7) === FIXED64) this.#fixed64(tag, reader.view, reader.take(8))
    else if (tag === FLAGS) this.flags = readFlags(reader)
    else if (tag === NUMBER_EXEMPLARS) this.passExemplar(reader, tag)
    else reader.skip(tag)
  }

  /** Notes an exemplar whose tag was read. */
  passExemplar(reader: ProtobufReader, tag: number): void {
    const start = reader.at
    reader.skip(tag)
    this.exemplars.push(start, reader.at)
    this.hasExemplars = true
  }

  discardExemplars(): void {
    this.exemplars = []
    this.hasExemplars = false
  }
}

/** Unix nanoseconds as Unix milliseconds. */
export function readTime(reader: ProtobufReader): number {
  const at = reader.take(8)
  return unixMs(reader.view.getUint32(at, true), reader.view.getUint32(at + 4, true))
}

/** Only the flag that is defined. */
export const readFlags = (reader: ProtobufReader) => reader.varint() & FLAG_NO_RECORDED_VALUE
