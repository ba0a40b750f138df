import type { Samples } from '../prometheus/samples.ts'
import { STALE_MARKER } from '../prometheus/stale-marker.ts'
import { ProtobufWriter } from '../protobuf/writer.ts'

// Field 2 of a TimeSeries. See write-request.ts.
const SAMPLE_TAG = 0x12
const VALUE_TAG = 0x09
const TIMESTAMP = 2
/** Tag and size of the sample, and tag of the value. */
const HEAD_BYTES = 3
const VALUE_BYTES = 8
const TIMESTAMP_AT = HEAD_BYTES + VALUE_BYTES
/** Room for one sample. Timestamps are written in whole words, so some bytes behind it may be overwritten. */
const ROOM_BYTES = 32

/** The NaN that is a value, in Prometheus' spelling. */
const NAN_HIGH = 0x7ff80000
const NAN_LOW = 1

/** Writes samples as fields of a TimeSeries. Timestamps are mostly as the one before, which is encoded once. */
export class SampleWriter {
  readonly #timestamp = new ProtobufWriter()
  #time = Number.NaN
  /** The bytes of the timestamp's field, and their number. */
  readonly #words = new Int32Array(3)
  #timestampBytes = 0

  write(writer: ProtobufWriter, { time, value, stale }: Samples, row: number): void {
    if (time[row] !== this.#time) this.#encode(time[row])
    const size = TIMESTAMP_AT + this.#timestampBytes
    const view = writer.room(ROOM_BYTES)
    const at = writer.length
    const words = this.#words
    view.setInt32(at, SAMPLE_TAG | ((size - 2) << 8) | (VALUE_TAG << 16), true)
    if (stale[row] === 1) setBits(view, at + HEAD_BYTES, STALE_MARKER.high, STALE_MARKER.low)
    else if (Number.isNaN(value[row])) setBits(view, at + HEAD_BYTES, NAN_HIGH, NAN_LOW)
    else view.setFloat64(at + HEAD_BYTES, value[row], true)
    view.setInt32(at + TIMESTAMP_AT, words[0], true)
    view.setInt32(at + TIMESTAMP_AT + 4, words[1], true)
    if (this.#timestampBytes > 8) view.setInt32(at + TIMESTAMP_AT + 8, words[2], true)
    writer.length = at + size
  }

  #encode(time: number): void {
    const timestamp = this.#timestamp
    timestamp.reset()
    timestamp.integer(TIMESTAMP, time)
    this.#words.fill(0)
    new Uint8Array(this.#words.buffer).set(timestamp.finish())
    this.#timestampBytes = timestamp.length
    this.#time = time
  }
}

function setBits(view: DataView, at: number, high: number, low: number): void {
  view.setUint32(at, low, true)
  view.setUint32(at + 4, high, true)
}
