import type { ProtobufReader } from '../protobuf/reader.ts'

/**
 * Fields picked out of a message: a range of it while they stand side by side, a copy once they do not. Either way the
 * bytes from `start` to `end` are a valid message made of these fields only. Meant to be used again and again.
 */
export class FieldSpan {
  bytes: Buffer = Buffer.alloc(0)
  view: DataView = new DataView(this.bytes.buffer, 0, 0)
  start = 0
  end = 0

  /** Empties it, for fields that `reader` is about to meet. */
  begin(reader: ProtobufReader): void {
    this.bytes = reader.bytes
    this.view = reader.view
    this.start = this.end = reader.at
  }

  /** The field, tag included, that starts at `from` and that `reader` has just passed. */
  add(reader: ProtobufReader, from: number): void {
    if (from === this.end && this.view === reader.view) this.end = reader.at
    else if (this.start === this.end) {
      this.start = from
      this.end = reader.at
    } else this.#gather(reader.bytes.subarray(from, reader.at))
  }

  #gather(field: Buffer): void {
    this.bytes = Buffer.concat([this.bytes.subarray(this.start, this.end), field])
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
    this.start = 0
    this.end = this.bytes.length
  }
}
