/** Wire types of protobuf: https://protobuf.dev/programming-guides/encoding/#structure */
const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2
const FIXED32 = 5

const INITIAL_CAPACITY = 1024
/** Sizes below this are one byte. */
const SHORT = 128
/** And below this two bytes. */
const MIDDLE = 2 ** 14
// 2^32: past it a number no longer fits the 32-bit operators.
const TWO_32 = 0x1_0000_0000

/**
 * Writes protobuf messages into one buffer that grows. Fields of the default value (0, empty) are written as told:
 * leaving them out is the caller's business.
 */
export class ProtobufWriter {
  length = 0
  #bytes: Buffer
  #view: DataView

  constructor(capacity = INITIAL_CAPACITY) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(capacity, INITIAL_CAPACITY))
    this.#view = viewOf(this.#bytes)
  }

  /** The written bytes. They share memory with the writer until the next {@link reset}. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  reset(): void {
    this.length = 0
  }

  /** `int64`, `uint64`, `enum`. @param value a safe integer; negative ones take ten bytes, as protobuf has it */
  integer(field: number, value: number): void {
    this.#reserve(20)
    this.#varint(field * 8 + VARINT)
    if (value >= 0) this.#varint(value)
    // Two's complement, in ten bytes.
    else this.#bits(BigInt.asUintN(64, BigInt(value)))
  }

  /** `int64`; of larger numbers the lowest 64 bits. */
  int64(field: number, value: bigint): void {
    this.#reserve(20)
    this.#varint(field * 8 + VARINT)
    this.#bits(BigInt.asUintN(64, value))
  }

  /** `double`. A NaN is written as JavaScript has it: for a NaN whose bits matter there is {@link fixed64}. */
  double(field: number, value: number): void {
    this.#reserve(18)
    this.#varint(field * 8 + FIXED64)
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }

  /** The bits of a `double` or `fixed64`, as two halves. */
  fixed64(field: number, high: number, low: number): void {
    this.#reserve(18)
    this.#varint(field * 8 + FIXED64)
    this.#view.setUint32(this.length, low, true)
    this.#view.setUint32(this.length + 4, high, true)
    this.length += 8
  }

  fixed32(field: number, value: number): void {
    this.#reserve(14)
    this.#varint(field * 8 + FIXED32)
    this.#view.setUint32(this.length, value, true)
    this.length += 4
  }

  string(field: number, text: string): void {
    if (this.#shortAscii(field, text)) return
    const size = Buffer.byteLength(text)
    this.open(field, size)
    this.length += this.#bytes.write(text, this.length, size, 'utf8')
  }

  /** `bytes`, or a nested message already encoded. */
  bytes(field: number, value: Uint8Array): void {
    this.open(field, value.length)
    this.raw(value)
  }

  /** A nested message: all that `write` writes. */
  nested(field: number, write: () => void): void {
    const start = this.begin(field)
    write()
    this.end(start)
  }

  /**
   * Begins a nested message, and returns where its content is: all that is written until {@link end} is told.
   * @param sizeBytes that its size takes as a rule: the content is moved if it takes others
   */
  begin(field: number, sizeBytes = 1): number {
    this.#reserve(20)
    this.#varint(field * 8 + LENGTH_DELIMITED)
    this.length += sizeBytes
    return this.length
  }

  end(start: number, sizeBytes = 1): void {
    const size = this.length - start
    if (sizeBytes === 2 && size >= SHORT && size < MIDDLE)
      return this.#view.setInt16(start - 2, (size & 0x7f) | 0x80 | ((size >>> 7) << 8), true)
    const more = integerSize(size) - sizeBytes
    if (more > 0) this.#reserve(more)
    if (more !== 0) this.#bytes.copyWithin(start + more, start, start + size)
    this.length = start - sizeBytes
    this.#varint(size)
    this.length += size
  }

  /** Begins a nested message whose `size` is known. The next writes are its content. */
  open(field: number, size: number): void {
    this.#reserve(size + 20)
    this.#varint(field * 8 + LENGTH_DELIMITED)
    this.#varint(size)
  }

  /** Room for `size` bytes at {@link length}, for callers that write there themselves and then move it on. */
  room(size: number): DataView {
    this.#reserve(size)
    return this.#view
  }

  /** A number of a packed list that {@link open} began. @param value a safe integer, not negative */
  varint(value: number): void {
    this.#reserve(10)
    this.#varint(value)
  }

  /** Encoded fields as they are. */
  raw(fields: Uint8Array): void {
    this.#reserve(fields.length)
    this.#bytes.set(fields, this.length)
    this.length += fields.length
  }

  /** False if the text is long or not ASCII. Calls into native code cost more than the others. */
  #shortAscii(field: number, text: string): boolean {
    const size = text.length
    if (size >= SHORT) return false
    this.#reserve(size + 20)
    const start = this.length
    this.#varint(field * 8 + LENGTH_DELIMITED)
    this.#bytes[this.length++] = size
    for (let i = 0; i < size; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) {
        this.length = start
        return false
      }
      this.#bytes[this.length++] = unit
    }
    return true
  }

  /** The same for fields in other memory. */
  copy(from: DataView, start: number, end: number): void {
    this.#reserve(end - start)
    copyBytes(from, start, end, this.#view, this.length)
    this.length += end - start
  }

  #varint(value: number): void {
    let rest = value
    while (rest >= TWO_32) {
      this.#bytes[this.length++] = (rest & 0x7f) | 0x80
      rest = Math.floor(rest / 128)
    }
    while (rest > 0x7f) {
      this.#bytes[this.length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.length++] = rest
  }

  // Groups of seven bits: rare, so plain.
  #bits(value: bigint): void {
    let rest = value
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.length++] = Number(rest & 0x7fn) | 0x80
    this.#bytes[this.length++] = Number(rest)
  }

  #reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.length))
    this.#bytes = grown
    this.#view = viewOf(grown)
  }
}

/** Bytes that {@link ProtobufWriter.integer} takes for `value`, without its tag. */
export function integerSize(value: number): number {
  if (value < 0) return 10
  let size = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++
  return size
}

/** For some hundred bytes, words are faster than a call into native code. */
function copyBytes(from: DataView, start: number, end: number, view: DataView, to: number): void {
  let at = start
  for (; at + 8 <= end; at += 8, to += 8) view.setBigInt64(to, from.getBigInt64(at, true), true)
  // The last word may overlap the one before.
  if (at < end && end - start >= 8) view.setBigInt64(to + end - at - 8, from.getBigInt64(end - 8, true), true)
  else for (; at < end; at++) view.setUint8(to++, from.getUint8(at))
}

const viewOf = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
