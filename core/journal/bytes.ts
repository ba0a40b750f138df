const INITIAL_CAPACITY = 64 * 1024
/** Most bytes of one UTF-16 unit. */
const MAX_UTF8_BYTES = 3
/** Spare memory, as a multiple of the last write, above which it is released: one burst needed it. */
const MOST_SPARE = 16

/** A buffer that grows. Numbers are little-endian. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_CAPACITY)
  #spare = Buffer.allocUnsafeSlow(0)
  #view = new DataView(new ArrayBuffer(0))
  length: number

  /** @param head bytes left free at the beginning */
  constructor(head = 0) {
    this.length = head
  }

  u8(value: number): void {
    this.#room(1)
    this.#bytes[this.length++] = value
  }

  u32(value: number): void {
    this.#room(4)
    this.length = this.#bytes.writeUInt32LE(value, this.length)
  }

  f64(value: number): void {
    this.#room(8)
    this.length = this.#bytes.writeDoubleLE(value, this.length)
  }

  text(text: string): void {
    this.#room(4 + text.length * MAX_UTF8_BYTES)
    const bytes = this.#bytes.write(text, this.length + 4)
    this.u32(bytes)
    this.length += bytes
  }

  /** Its length, then the bytes. */
  sized(bytes: Uint8Array): void {
    this.u32(bytes.length)
    this.raw(bytes)
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** Bytes of a view, from `start` to `end`. Short ones cost less than a view of their own. */
  copy(from: DataView, start: number, end: number): void {
    this.#room(end - start)
    const bytes = this.#bytes
    let to = this.length
    if (this.#view.buffer !== bytes.buffer) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let at = start
    for (; at + 8 <= end; at += 8, to += 8) this.#view.setBigInt64(to, from.getBigInt64(at, true), true)
    for (; at < end; at++) bytes[to++] = from.getUint8(at)
    this.length = to
  }

  /** The memory of a typed array, as it is. */
  column(column: Float64Array | Int32Array | Uint8Array): void {
    this.raw(new Uint8Array(column.buffer, column.byteOffset, column.byteLength))
  }

  /**
   * Returns the written bytes and begins anew, leaving room for `head` bytes, which the caller fills. The bytes are the
   * caller's until the next call: memory is used in turns.
   */
  take(head: number): Buffer {
    const written = this.#bytes
    const { length } = this
    const wanted = Math.max(INITIAL_CAPACITY, length)
    const isFit = this.#spare.length >= wanted && this.#spare.length <= wanted * MOST_SPARE
    this.#bytes = isFit ? this.#spare : Buffer.allocUnsafeSlow(wanted)
    this.#spare = written
    this.length = head
    return written.subarray(0, length)
  }

  #room(bytes: number): void {
    if (this.length + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.length + bytes))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }
}

/** Reads the bytes of {@link ByteWriter}. Throws `RangeError` if the input ends too early. */
export class ByteReader {
  readonly view: DataView
  #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  /** Bytes that are not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    return this.#bytes[this.take(1)]
  }

  /** Moves past the next byte if it is this one. */
  takeIf(byte: number): boolean {
    const isNext = this.#at < this.#bytes.length && this.#bytes[this.#at] === byte
    if (isNext) this.#at++
    return isNext
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true)
  }

  f64(): number {
    return this.view.getFloat64(this.take(8), true)
  }

  text(): string {
    return this.sized().toString()
  }

  /** For V8's `deserialize`, whose typed arrays are views of the bytes that it is given. */
  copied(): Buffer {
    return Buffer.from(this.sized())
  }

  sized(): Buffer {
    const length = this.u32()
    return this.slice(this.take(length), length)
  }

  /** Bytes that were taken, as a view of them. */
  slice(start: number, length: number): Buffer {
    return this.#bytes.subarray(start, start + length)
  }

  /** Columns are copied: they must be aligned, and outlive the frame they came in. */
  f64Column(length: number): Float64Array {
    return new Float64Array(this.#copy(length * 8))
  }

  i32Column(length: number): Int32Array {
    return new Int32Array(this.#copy(length * 4))
  }

  u8Column(length: number): Uint8Array {
    return new Uint8Array(this.#copy(length))
  }

  #copy(bytes: number): ArrayBuffer {
    const start = this.#bytes.byteOffset + this.take(bytes)
    return (this.#bytes.buffer as ArrayBuffer).slice(start, start + bytes)
  }

  /** Moves past `bytes` bytes and returns their start in {@link view}. */
  take(bytes: number): number {
    const at = this.#at
    if (at + bytes > this.#bytes.length) throw new RangeError(`journal entry ends at byte ${this.#bytes.length}`)
    this.#at += bytes
    return at
  }
}
