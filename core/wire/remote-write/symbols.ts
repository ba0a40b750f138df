import { BadInputError } from '../../errors.ts'
import { withRoom } from '../../model/columns.ts'
import { lengthTag, type ProtobufReader } from '../protobuf/reader.ts'
import { readRepeated, varint } from '../protobuf/repeated.ts'
import { integerSize, ProtobufWriter } from '../protobuf/writer.ts'

const LABEL = 1
const NAME = 1
const VALUE = 2
/** Sizes below this have one byte. */
const SHORT = 0x80
const VALUE_TAG = lengthTag(VALUE)
/** Tag and size of a label, and of its name. */
const HEAD_BYTES = 4
const SHORT_HEAD = lengthTag(LABEL) | (lengthTag(NAME) << 16)

/** The symbol table of a remote write 2.0 request, by offsets: no string is made of a symbol. */
export class Symbols {
  #count = 0
  #starts = new Int32Array()
  #ends = new Int32Array()
  /** Numbers of names and values of the label set at hand. */
  readonly #refs: number[] = []
  readonly #writer = new ProtobufWriter()

  /** Begins a request. */
  begin(): void {
    this.#count = 0
    this.clear()
  }

  /** Adds the symbol ahead, whose tag was read. */
  add(reader: ProtobufReader): void {
    const length = reader.varint()
    const i = this.#count++
    if (i === 0 && length > 0) throw new BadInputError('remote write 2.0: the first symbol is not the empty text')
    this.#starts = withRoom(this.#starts, i)
    this.#ends = withRoom(this.#ends, i)
    this.#starts[i] = reader.take(length)
    this.#ends[i] = reader.at
  }

  /** Begins a label set. */
  beginRefs(): void {
    this.#refs.length = 0
  }

  /** Reads the refs ahead. @param tag that was read */
  readRefs(reader: ProtobufReader, tag: number): void {
    readRepeated(reader, tag, this.#refs, varint)
  }

  /**
   * The labels of `refs`, as texts. Undefined if they have more than `mostBytes`: a few bytes of refs may stand for texts of
   * any length. Throws {@link BadInputError} for refs that are of no labels.
   */
  labelsOf({ bytes }: ProtobufReader, refs: readonly number[], mostBytes: number): [string, string][] | undefined {
    if (refs.length % 2 === 1)
      throw new BadInputError(`remote write 2.0: ${refs.length} refs of labels of an exemplar, which are not pairs`)
    let length = 0
    for (const ref of refs) length += this.#ends[this.#checked(ref)] - this.#starts[ref]
    if (length > mostBytes) return undefined
    const text = (ref: number) => bytes.toString('utf8', this.#starts[ref], this.#ends[ref])
    return Array.from({ length: refs.length / 2 }, (_, i) => [text(refs[2 * i]), text(refs[2 * i + 1])])
  }

  /** Bytes that the labels of the refs take. Throws {@link BadInputError} for refs that are of no labels. */
  measureLabels(): number {
    const refs = this.#refs
    if (refs.length % 2 === 1)
      throw new BadInputError(`remote write 2.0: ${refs.length} refs of labels, which are not pairs`)
    let bytes = 0
    for (let i = 0; i < refs.length; i += 2) {
      const size = this.#labelSize(this.#checked(refs[i]), this.#checked(refs[i + 1]))
      bytes += 1 + integerSize(size) + size
    }
    return bytes
  }

  /** Writes the labels of the refs, which have been measured, as remote write 1.0 has them, behind those of before. */
  writeLabels({ view }: ProtobufReader): void {
    const refs = this.#refs
    const writer = this.#writer
    for (let i = 0; i < refs.length; i += 2) {
      const size = this.#labelSize(refs[i], refs[i + 1])
      if (size < SHORT) this.#writeShort(view, size, refs[i], refs[i + 1])
      else {
        writer.open(LABEL, size)
        this.#writeSymbol(NAME, view, refs[i])
        this.#writeSymbol(VALUE, view, refs[i + 1])
      }
    }
  }

  /** The labels written, which are valid until the next are. */
  get labels(): Buffer {
    const { buffer, byteOffset, length } = this.#writer.finish()
    return Buffer.from(buffer, byteOffset, length)
  }

  get labelBytes(): number {
    return this.#writer.length
  }

  /** Forgets the labels written. */
  clear(): void {
    this.#writer.reset()
  }

  /** A label whose sizes have one byte each, as nearly all have: tags and sizes are written together. */
  #writeShort(from: DataView, size: number, name: number, value: number): void {
    const writer = this.#writer
    const nameStart = this.#starts[name]
    const nameEnd = this.#ends[name]
    const valueStart = this.#starts[value]
    const valueEnd = this.#ends[value]
    writer.room(HEAD_BYTES).setInt32(writer.length, SHORT_HEAD | (size << 8) | ((nameEnd - nameStart) << 24), true)
    writer.length += HEAD_BYTES
    writer.copy(from, nameStart, nameEnd)
    writer.room(HEAD_BYTES).setUint16(writer.length, VALUE_TAG | ((valueEnd - valueStart) << 8), true)
    writer.length += 2
    writer.copy(from, valueStart, valueEnd)
  }

  #writeSymbol(field: number, view: DataView, ref: number): void {
    this.#writer.open(field, this.#ends[ref] - this.#starts[ref])
    this.#writer.copy(view, this.#starts[ref], this.#ends[ref])
  }

  #labelSize(name: number, value: number): number {
    const nameLength = this.#ends[name] - this.#starts[name]
    const valueLength = this.#ends[value] - this.#starts[value]
    return 2 + integerSize(nameLength) + nameLength + integerSize(valueLength) + valueLength
  }

  #checked(ref: number): number {
    if (ref < this.#count) return ref
    throw new BadInputError(`remote write 2.0: symbol ${ref} of ${this.#count} does not exist`)
  }
}
