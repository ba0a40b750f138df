import { FLAG_NO_RECORDED_VALUE } from '../../model/points.ts'
import { fixed64Tag, lengthTag, type ProtobufReader, varintTag } from '../protobuf/reader.ts'
import { FieldSpan } from './field-span.ts'
import { unixMs } from './time.ts'

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
// NumberDataPoint: start_time_unix_nano 2 (fixed64), time_unix_nano 3 (fixed64), as_double 4, exemplars 5 (not kept),
//   as_int 6 (sfixed64), attributes 7, flags 8. The two times have the same numbers in every kind of data point.
export const START_TIME = fixed64Tag(2)
export const TIME = fixed64Tag(3)
const AS_DOUBLE = fixed64Tag(4)
const AS_INT = fixed64Tag(6)
export const NUMBER_ATTRIBUTES = lengthTag(7)
const FLAGS = varintTag(8)

/** The fields that every data point has, and a number's value. One object serves all points, to make none for each. */
export class PointFields {
  readonly attributes = new FieldSpan()
  /** Unix ms; 0 if not given. */
  time = 0
  start = 0
  flags = 0
  value = 0
  hasValue = false

  /** Back to the defaults, for the data point that `reader` is about to meet. */
  begin(reader: ProtobufReader): void {
    this.attributes.begin(reader)
    this.time = this.start = this.flags = 0
    this.value = Number.NaN
    this.hasValue = false
  }

  /** Reads the rest of the current message, as a NumberDataPoint. */
  readNumber(reader: ProtobufReader): void {
    this.begin(reader)
    while (reader.at < reader.limit) {
      const from = reader.at
      const tag = reader.tag()
      if (tag === NUMBER_ATTRIBUTES) {
        reader.skip(tag)
        this.attributes.add(reader, from)
      } else if (tag === TIME) this.time = readTime(reader)
      else if (tag === START_TIME) this.start = readTime(reader)
      else if (tag === AS_INT) this.setValue(reader.sfixed64())
      else if (tag === AS_DOUBLE) this.setValue(reader.double())
      else if (tag === FLAGS) this.flags = readFlags(reader)
      else reader.skip(tag)
    }
  }

  setValue(value: number): void {
    this.value = value
    this.hasValue = true
  }
}

/** Unix nanoseconds as Unix milliseconds. */
export function readTime(reader: ProtobufReader): number {
  const at = reader.take(8)
  return unixMs(reader.view.getUint32(at, true), reader.view.getUint32(at + 4, true))
}

/** Only the flag that is defined. */
export const readFlags = (reader: ProtobufReader) => reader.varint() & FLAG_NO_RECORDED_VALUE
