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
/** Bytes that are written at least, and read, where fewer are meant. */
const TWO_WORDS = 16
/** Both lengths of a label, a number, and what is written behind the last one. */
const MOST_BESIDE_BYTES = 64
const ZERO = 48
const TWO_31 = 2 ** 31

/** Labels that are the same for all series; and, in all steps but the last, one whose value is an attribute's. */
interface Step {
  /** All of it but the value. If the label is short, its length and that of the value have their bytes here. Two words are behind. */
  readonly bytes: DataView
  readonly length: number
  /** Where the label's length is. */
  readonly lengthAt: number
  /** Index of the attribute whose value is the label's; or none. */
  readonly attribute: number
}

/** A name in UTF-8, with a word of zeros behind it. */
interface Name {
  readonly bytes: DataView
  readonly length: number
}

/** True if each value becomes a label by itself: others follow rules, and an empty one becomes none. */
export const arePlain = (attributes: Attributes) =>
  attributes.every(([, value]) => (typeof value === 'string' && value !== '') || Number.isSafeInteger(value))

/** How encoded labels are made of the bytes of attributes, for series of one context with the same attribute names. */
export class LabelRecipe {
  /** Bytes of labels, besides the texts of attributes. */
  readonly mostBytes: number
  readonly #steps: readonly Step[]
  /** The attributes' names, in their order. */
  readonly #names: readonly Name[]
  /** By index of the attribute: where its text begins, or {@link IS_NUMBER}; where it ends; the number. */
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #numbers: Float64Array

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
    for (const label of labels) {
      const attribute = indexes.get(label[0])
      if (attribute === undefined) same.push(label)
      else {
        steps.push(stepOf(same, attribute, label[0]))
        same = []
      }
    }
    steps.push(stepOf(same, NO_ATTRIBUTE, ''))
    this.#steps = steps
    this.#names = attributes.map(([name]) => nameOf(name))
    this.mostBytes = steps.reduce((sum, { length }) => sum + length + MOST_BESIDE_BYTES, 0)
    this.#starts = new Int32Array(attributes.length)
    this.#ends = new Int32Array(attributes.length)
    this.#numbers = new Float64Array(attributes.length)
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
    // V8 does not inline the length of a view.
    const lastStart = key.view.byteLength - TWO_WORDS
    const steps = this.#steps
    let at = writer.length
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]
      const { attribute, length } = step
      const start = attribute === NO_ATTRIBUTE ? 0 : this.#starts[attribute]
      const end = attribute === NO_ATTRIBUTE ? 0 : this.#ends[attribute]
      copyOver(step.bytes, 0, length, view, at)
      if (attribute === NO_ATTRIBUTE) at += length
      else if (start === IS_NUMBER) {
        const number = this.#numbers[attribute]
        if (number > Number.MAX_SAFE_INTEGER) return false
        const digits = digitsOf(number)
        at = writeLengths(view, at, step, digits)
        writeDigits(view, at, digits, number)
        at += digits
      } else {
        if (start === end) return false
        at = writeLengths(view, at, step, end - start)
        if (end <= lastStart) copyOver(key.view, start, end, view, at)
        else copyBytewise(key.view, start, end, view, at)
        at += end - start
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
      if (tag === STRING_VALUE) {
        starts[i] = contentAt(view, value)
        ends[i] = starts[i] + lengthAt(view, value + 1)
      } else if (tag === INT_VALUE) {
        starts[i] = IS_NUMBER
        this.#numbers[i] = lengthAt(view, value + 1)
      } else return false
      at = field.end
    }
    return i === starts.length
  }
}

/** @param same labels in front @param attribute index of the one whose value is that of the label `name` */
function stepOf(same: Labels, attribute: number, name: string): Step {
  const writer = new ProtobufWriter()
  writeLabels(writer, same)
  const lengthAt = writer.length + 1
  if (attribute !== NO_ATTRIBUTE) {
    writer.varint(LABEL)
    writer.varint(0)
    writer.string(NAME, name)
    writer.varint(lengthTag(VALUE))
    writer.varint(0)
  }
  const bytes = new Uint8Array(writer.length + TWO_WORDS)
  bytes.set(writer.finish())
  return { bytes: new DataView(bytes.buffer), length: writer.length, lengthAt, attribute }
}

function nameOf(text: string): Name {
  const length = Buffer.byteLength(text)
  const bytes = Buffer.alloc(length + WORD)
  bytes.write(text)
  return { bytes: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), length }
}

const isName = ({ bytes, length }: Name, view: DataView, { name, nameEnd }: Field) =>
  length === nameEnd - name && areEqual(bytes, 0, view, name, nameEnd)

/**
 * Copies bytes with two words behind them. Most are few, so at least two words are copied, and what is behind them is written
 * again: no jump depends on their number.
 */
function copyOver(from: DataView, start: number, end: number, into: DataView, to: number): void {
  into.setBigInt64(to, from.getBigInt64(start, true), true)
  into.setBigInt64(to + WORD, from.getBigInt64(start + WORD, true), true)
  for (let at = start + TWO_WORDS; at < end; at += WORD)
    into.setBigInt64(to + at - start, from.getBigInt64(at, true), true)
}

function copyBytewise(from: DataView, start: number, end: number, into: DataView, to: number): void {
  for (let at = start; at < end; at++) into.setUint8(to + at - start, from.getUint8(at))
}

/** Writes both lengths of a label whose step stands at `at`, and returns where its value begins. @param size of the value */
function writeLengths(view: DataView, at: number, { bytes, length, lengthAt }: Step, size: number): number {
  const inLabel = length - lengthAt - 1 + size
  if (inLabel < SHORT) {
    view.setUint8(at + lengthAt, inLabel)
    view.setUint8(at + length - 1, size)
    return at + length
  }
  const nameAt = writeLength(view, at + lengthAt, inLabel - 1 + integerSize(size))
  copyOver(bytes, lengthAt + 1, length - 1, view, nameAt)
  return writeLength(view, nameAt + length - lengthAt - 2, size)
}

function writeLength(view: DataView, at: number, length: number): number {
  let rest = length
  for (; rest >= SHORT; rest >>>= 7) view.setUint8(at++, (rest % SHORT) + SHORT)
  view.setUint8(at++, rest)
  return at
}

function digitsOf(number: number): number {
  let digits = 1
  for (let power = 10; number >= power; power *= 10) digits++
  return digits
}

function writeDigits(view: DataView, at: number, digits: number, number: number): void {
  let rest = number
  let i = at + digits - 1
  // Division of whole numbers of 32 bits is much faster.
  for (; rest >= TWO_31; rest = Math.floor(rest / 10)) view.setUint8(i--, ZERO + (rest % 10))
  for (let low = rest | 0; i >= at; low = (low / 10) | 0) view.setUint8(i--, ZERO + (low % 10))
}
