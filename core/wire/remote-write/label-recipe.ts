import type { Attributes } from '../../model/attributes.ts'
import { contentAt, type Field, fieldAt, lengthAt } from '../../model/series-table/attribute-fields.ts'
import { areEqual } from '../../model/series-table/equal-bytes.ts'
import type { KeyBytes } from '../../model/series-table/key-records.ts'
import { labelName } from '../prometheus/label-names.ts'
import type { Label, Labels } from '../prometheus/labels.ts'
import type { TranslationStrategy } from '../prometheus/translation-strategy.ts'
import { lengthTag, varintTag } from '../protobuf/reader.ts'
import { integerSize, ProtobufWriter } from '../protobuf/writer.ts'
import { writeLabels } from './write-request.ts'

const LABEL = lengthTag(1)
const NAME = 1
const VALUE = 2
// Tags of AnyValue.
const STRING_VALUE = lengthTag(1)
const INT_VALUE = varintTag(3)
const NO_ATTRIBUTE = -1
/** In place of the start of a text. */
const IS_NUMBER = -1
/** Lengths below this are one byte. */
const SHORT = 128
const WORD = 8
/** A label's tag and two lengths, or a number and these. */
const MOST_BESIDE_BYTES = 32
const ZERO = 48

interface Step {
  /** Labels that are the same for all series; or the label's name as a field, and the tag of its value. A word is behind them. */
  readonly bytes: DataView
  readonly length: number
  /** Index of the attribute whose value is the label's; or none. */
  readonly attribute: number
}

/** A name in UTF-8, with a word of zeros behind it. */
interface Name {
  readonly bytes: DataView
  readonly length: number
}

/** How encoded labels are made of the bytes of attributes, for series of one context with the same attribute names. */
export class LabelRecipe {
  /** Bytes of labels, besides the texts of attributes. */
  readonly mostBytes: number
  readonly #steps: readonly Step[]
  /** The attributes' names, in their order. */
  readonly #names: readonly Name[]
  /** By index of the attribute: where its text begins, and where it ends. Of a number: {@link IS_NUMBER}, and the number. */
  readonly #starts: Int32Array
  readonly #ends: Float64Array

  /**
   * @param labels those of a series with these attributes. Labels of none of `own` are the same for all
   * @param own those of the attributes whose values differ
   */
  constructor(attributes: Attributes, labels: Labels, strategy: TranslationStrategy, own = attributes) {
    const indexes = new Map(
      own.map(([key]) => [labelName(key, strategy), attributes.findIndex(([other]) => other === key)])
    )
    const steps: Step[] = []
    let same: Label[] = []
    const endSame = () => {
      if (same.length > 0) steps.push(stepOf(NO_ATTRIBUTE, writer => writeLabels(writer, same)))
      same = []
    }
    for (const label of labels) {
      const attribute = indexes.get(label[0])
      if (attribute === undefined) same.push(label)
      else {
        endSame()
        steps.push(nameStep(attribute, label[0]))
      }
    }
    endSame()
    this.#steps = steps
    this.#names = attributes.map(([name]) => nameOf(name))
    this.mostBytes = steps.reduce((sum, { length }) => sum + length + MOST_BESIDE_BYTES, WORD)
    this.#starts = new Int32Array(attributes.length)
    this.#ends = new Float64Array(attributes.length)
  }

  /** True if these are values of the attributes that the recipe is for. */
  fits({ view, start, end }: KeyBytes): boolean {
    let i = 0
    for (let at = start; at < end; i++) {
      const field = fieldAt(view, at)
      if (i === this.#names.length || !isName(this.#names[i], view, field)) return false
      at = field.end
    }
    return i === this.#names.length
  }

  /**
   * Writes the labels of a series with these attributes, and zeros behind them, of 32 bits. False if one whose value becomes a
   * label is neither a text with something in it nor a whole number that is safe and not negative, or another one neither a
   * text nor a whole number.
   */
  write(writer: ProtobufWriter, key: KeyBytes): boolean {
    if (!this.#findValues(key)) return false
    const view = writer.room(this.mostBytes + key.end - key.start)
    const steps = this.#steps
    let at = writer.length
    for (let i = 0; i < steps.length; i++) {
      const { bytes, length, attribute } = steps[i]
      if (attribute === NO_ATTRIBUTE) at = copyOver(bytes, 0, length, view, at)
      else {
        const start = this.#starts[attribute]
        const end = this.#ends[attribute]
        if (start === IS_NUMBER ? end > Number.MAX_SAFE_INTEGER : start === end) return false
        const size = start === IS_NUMBER ? digitsOf(end) : end - start
        view.setUint8(at, LABEL)
        at = writeLength(view, at + 1, length + integerSize(size) + size)
        at = writeLength(view, copyOver(bytes, 0, length, view, at), size)
        at = start === IS_NUMBER ? writeDigits(view, at, size, end) : copyOver(key.view, start, end, view, at)
      }
    }
    view.setInt32(at, 0)
    writer.length = at
    return true
  }

  #findValues({ view, start, end }: KeyBytes): boolean {
    const starts = this.#starts
    const ends = this.#ends
    let i = 0
    for (let at = start; at < end; i++) {
      const field = fieldAt(view, at)
      const value = contentAt(view, field.nameEnd)
      if (i === starts.length || value === field.end) return false
      const tag = view.getUint8(value)
      if (tag !== STRING_VALUE && tag !== INT_VALUE) return false
      const rest = lengthAt(view, value + 1)
      starts[i] = tag === STRING_VALUE ? contentAt(view, value) : IS_NUMBER
      ends[i] = tag === STRING_VALUE ? starts[i] + rest : rest
      at = field.end
    }
    return i === starts.length
  }
}

const nameStep = (attribute: number, name: string) =>
  stepOf(attribute, writer => {
    writer.string(NAME, name)
    writer.varint(lengthTag(VALUE))
  })

function stepOf(attribute: number, write: (writer: ProtobufWriter) => void): Step {
  const writer = new ProtobufWriter()
  write(writer)
  const bytes = new Uint8Array(writer.length + WORD)
  bytes.set(writer.finish())
  return { bytes: new DataView(bytes.buffer), length: writer.length, attribute }
}

function nameOf(text: string): Name {
  const length = Buffer.byteLength(text)
  const bytes = Buffer.alloc(length + WORD)
  bytes.write(text)
  return { bytes: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), length }
}

const isName = ({ bytes, length }: Name, view: DataView, { name, nameEnd }: Field) =>
  length === nameEnd - name && areEqual(bytes, 0, view, name, nameEnd)

/** Copies bytes, and up to seven more; returns their end. Most are few, so what is behind them is written again. */
function copyOver(from: DataView, start: number, end: number, into: DataView, to: number): number {
  const copied = to + end - start
  let at = start
  if (end + WORD <= from.byteLength)
    for (; at < end; at += WORD, to += WORD) into.setBigInt64(to, from.getBigInt64(at, true), true)
  else for (; at < end; at++) into.setUint8(to++, from.getUint8(at))
  return copied
}

function writeLength(view: DataView, at: number, length: number): number {
  let rest = length
  for (; rest >= SHORT; rest = Math.floor(rest / SHORT)) view.setUint8(at++, (rest % SHORT) + SHORT)
  view.setUint8(at++, rest)
  return at
}

function digitsOf(number: number): number {
  let digits = 1
  for (let rest = number; rest >= 10; rest = Math.floor(rest / 10)) digits++
  return digits
}

function writeDigits(view: DataView, at: number, digits: number, number: number): number {
  let rest = number
  for (let i = digits - 1; i >= 0; i--, rest = Math.floor(rest / 10)) view.setUint8(at + i, ZERO + (rest % 10))
  return at + digits
}
