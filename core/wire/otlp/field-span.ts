import type { ProtobufReader } from '../protobuf/reader.ts'

const FIRST_CAPACITY = 1024
/** Most memory kept from one message to the next. */
const MOST_KEPT = 64 * 1024

/**
 * Fields picked out of a message: a range of it while they stand side by side, a copy once they do not. Either way the
 * bytes from `start` to `end` are a valid message made of these fields only. Meant to be used again and again.
 */
export class FieldSpan {
  bytes: Buffer = Buffer.alloc(0)
  view: DataView = new DataView(this.bytes.buffer, 0, 0)
  start = 0
  end = 0
  /** Fields that stand apart are put side by side here. */
  #own: Buffer = Buffer.alloc(0)

  /** Empties it, for fields that `reader` is about to meet. */
  begin(reader: ProtobufReader): void {
    this.bytes = reader.bytes
    this.view = reader.view
    this.start = this.end = reader.at
    if (this.#own.length > MOST_KEPT) this.#own = Buffer.alloc(0)
  }

  /** The field, tag included, that starts at `from` and that `reader` has just passed. */
  add(reader: ProtobufReader, from: number): void {
    if (from === this.end && this.view === reader.view) this.end = reader.at
    else if (this.start === this.end) {
      this.start = from
      this.end = reader.at
    } else this.#gather(reader.bytes.subarray(from, reader.at))
  }

  /** The fields with these tags out of the message at hand, without moving on. */
  collect(reader: ProtobufReader, tag1: number, tag2: number): void {
    const start = reader.at
    this.begin(reader)
    while (reader.at < reader.limit) {
      const from = reader.at
      const tag = reader.tag()
      reader.skip(tag)
      if (tag === tag1 || tag === tag2) this.add(reader, from)
    }
    reader.at = start
  }

  /** Appends a copy. Memory grows by doubling, so that fields which all stand apart cost no more than their bytes. */
  #gather(field: Buffer): void {
    const length = this.end - this.start
    if (this.bytes !== this.#own || length + field.length > this.#own.length) this.#moveToOwn(length + field.length)
    field.copy(this.#own, this.end)
    this.end += field.length
  }

  #moveToOwn(needed: number): void {
    const old = this.bytes.subarray(this.start, this.end)
    if (needed > this.#own.length) this.#own = Buffer.allocUnsafeSlow(Math.max(FIRST_CAPACITY, needed * 2))
    old.copy(this.#own)
    this.bytes = this.#own
    this.view = new DataView(this.#own.buffer)
    this.start = 0
    this.end = old.length
  }
}
