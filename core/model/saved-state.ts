// A snapshot is an outline and columns. Integers are uint32, little-endian.
//
//   version, and in the highest byte the layout
//   CRC-32 of all bytes that follow; in layout 1 also of the version and layout
//   layout 0, which is only read:
//     the state as V8 serializes it
//   layout 1:
//     length of the outline
//     the outline: the state as V8 serializes it, in which each typed array is a kind and a length
//     the columns: the content of the typed arrays, in the order of the outline, each at a multiple of 8
//
// Later versions of Node read V8's format of earlier ones.

import { DefaultDeserializer, DefaultSerializer, deserialize } from 'node:v8'
import { crc32 } from 'node:zlib'
import { count } from '../plural.ts'
import { runThrough, type Stepwise } from './stepwise.ts'

const HEADER_BYTES = 8
const OUTLINE_AT = HEADER_BYTES + 4
const ALIGNMENT = 8
const LAYOUT = 1
const LAYOUT_FACTOR = 2 ** 24
/** Copied and summed up in a quarter of a millisecond. */
const BYTES_PER_STEP = 512 * 1024

/** A kind is written as its index, so the order must stay. */
const KINDS = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array
] as const
type Column = InstanceType<(typeof KINDS)[number]>

/** Bytes of a snapshot. V8 must be able to serialize `state`: plain objects, lists, maps, typed arrays. */
export function sealState(version: number, state: unknown): Uint8Array {
  return runThrough(sealInSteps(version, state))
}

/**
 * The same bytes in steps. All of the state beside typed arrays is one step, so put long lists into such arrays, or
 * into a {@link packList}. Nothing in `state` may change until it is done.
 */
export function* sealInSteps(version: number, state: unknown): Stepwise<Uint8Array> {
  const writer = new OutlineWriter()
  writer.writeHeader()
  writer.writeValue(state)
  const outline = writer.releaseBuffer()
  yield
  let end = OUTLINE_AT + outline.length
  for (const { byteLength } of writer.columns) end = aligned(end) + byteLength
  // One buffer from the start: to copy a hundred megabytes costs as much as all the rest.
  const sealed = Buffer.allocUnsafeSlow(end)
  sealed.writeUInt32LE(LAYOUT * LAYOUT_FACTOR + version)
  sealed.writeUInt32LE(outline.length, HEADER_BYTES)
  let sum = crc32(sealed.subarray(0, 4))
  let summed = HEADER_BYTES
  for (const at of copied([outline, ...writer.columns], sealed)) {
    if (at - summed < BYTES_PER_STEP) continue
    sum = crc32(sealed.subarray(summed, at), sum)
    summed = at
    yield
  }
  sealed.writeUInt32LE(crc32(sealed.subarray(summed), sum), 4)
  return sealed
}

/**
 * The state that {@link sealState} was given. Throws if the bytes are damaged, or of a version that is not
 * between `oldest` and `version`.
 */
export function openState(version: number, bytes: Uint8Array, oldest = version): unknown {
  const sealed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (sealed.length < HEADER_BYTES) throw new Error(`it is damaged: it has ${count(sealed.length, 'byte')}`)
  const first = sealed.readUInt32LE()
  const layout = Math.floor(first / LAYOUT_FACTOR)
  const seen = first % LAYOUT_FACTOR
  if (layout > LAYOUT)
    throw new Error(`it has version ${seen} of layout ${layout}, this Weir reads up to layout ${LAYOUT}`)
  if (seen < oldest || seen > version) {
    const readable = oldest === version ? `version ${version}` : `versions ${oldest} to ${version}`
    throw new Error(`it has version ${seen}, this Weir reads ${readable}`)
  }
  const body = sealed.subarray(HEADER_BYTES)
  const sum = layout === 0 ? crc32(body) : crc32(body, crc32(sealed.subarray(0, 4)))
  if (sum !== sealed.readUInt32LE(4)) throw new Error('it is damaged: its checksum is another')
  if (layout === 0) return deserialize(body)
  const reader = new OutlineReader(sealed)
  reader.readHeader()
  return reader.readValue()
}

/** Copies all `parts` to their positions in `sealed`; yields, now and then, the end of the filled bytes. */
function* copied(parts: readonly Column[], sealed: Buffer): Generator<number> {
  let at = OUTLINE_AT
  for (const [i, part] of parts.entries()) {
    const from = new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
    // The outline follows its length at once.
    if (i > 0) {
      const start = aligned(at)
      sealed.fill(0, at, start)
      at = start
    }
    for (let done = 0; done < from.length; ) {
      const some = from.subarray(done, done + BYTES_PER_STEP)
      sealed.set(some, at)
      done += some.length
      at += some.length
      yield at
    }
  }
}

class OutlineWriter extends DefaultSerializer {
  readonly columns: Column[] = []

  // V8 calls this for an object that it cannot serialize by itself.
  _writeHostObject(object: object): void {
    const kind = KINDS.findIndex(Kind => object instanceof Kind)
    if (kind < 0) throw new TypeError(`state cannot have a ${object.constructor.name}`)
    const column = object as Column
    this.writeUint32(kind)
    this.writeUint32(column.length)
    this.columns.push(column)
  }
}

class OutlineReader extends DefaultDeserializer {
  #sealed: Buffer
  /** End of the last column. */
  #end: number

  constructor(sealed: Buffer) {
    const end = OUTLINE_AT + sealed.readUInt32LE(HEADER_BYTES)
    super(sealed.subarray(OUTLINE_AT, end))
    this.#sealed = sealed
    this.#end = end
  }

  /** A view of the bytes; a copy if these do not begin at a multiple of the element size. */
  _readHostObject(): Column {
    const Kind = KINDS[this.readUint32()]
    const length = this.readUint32()
    const start = aligned(this.#end)
    this.#end = start + length * Kind.BYTES_PER_ELEMENT
    const at = this.#sealed.byteOffset + start
    const buffer = this.#sealed.buffer as ArrayBuffer
    if (at % Kind.BYTES_PER_ELEMENT === 0) return new Kind(buffer, at, length)
    return new Kind(buffer.slice(at, at + length * Kind.BYTES_PER_ELEMENT))
  }
}

function aligned(at: number): number {
  return Math.ceil(at / ALIGNMENT) * ALIGNMENT
}
