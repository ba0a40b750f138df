import type { Attributes } from '../../model/attributes.ts'
import { contentAt, fieldAt, lengthAt } from '../../model/series-table/attribute-fields.ts'
import type { KeyBytes } from '../../model/series-table/key-records.ts'
import { labelName } from '../prometheus/label-names.ts'
import type { Label, Labels } from '../prometheus/labels.ts'
import type { TranslationStrategy } from '../prometheus/translation-strategy.ts'
import { lengthTag, varintTag } from '../protobuf/reader.ts'
import { integerSize, ProtobufWriter } from '../protobuf/writer.ts'
import { writeLabels } from './write-request.ts'

const LABEL = 1
const NAME = 1
const VALUE = 2
// Tags of AnyValue.
const STRING_VALUE = lengthTag(1)
const INT_VALUE = varintTag(3)
const NO_ATTRIBUTE = -1
/** In place of the start of a text. */
const IS_NUMBER = -1

interface Step {
  /** Fields: labels that are the same for all series, or the name of the next label. */
  readonly bytes: DataView
  /** Index of the attribute whose value is the label's; or none. */
  readonly attribute: number
}

/** How encoded labels are made of the bytes of a series' attributes, for series of one context with the same attribute names. */
export class LabelRecipe {
  /** Series whose labels are made so. */
  series = 0
  readonly #steps: readonly Step[]
  /** By index of the attribute: where its text begins, and where it ends. Of a number: {@link IS_NUMBER}, and the number. */
  readonly #starts: Int32Array
  readonly #ends: Float64Array

  /** @param labels those of a series with these attributes */
  constructor(attributes: Attributes, labels: Labels, strategy: TranslationStrategy) {
    const indexes = new Map(attributes.map(([key], i) => [labelName(key, strategy), i]))
    const steps: Step[] = []
    let same: Label[] = []
    const endSame = () => {
      if (same.length > 0) steps.push({ bytes: bytesOf(writer => writeLabels(writer, same)), attribute: NO_ATTRIBUTE })
      same = []
    }
    for (const label of labels) {
      const attribute = indexes.get(label[0])
      if (attribute === undefined) same.push(label)
      else {
        endSame()
        steps.push({ bytes: bytesOf(writer => writer.string(NAME, label[0])), attribute })
      }
    }
    endSame()
    this.#steps = steps
    this.#starts = new Int32Array(attributes.length)
    this.#ends = new Float64Array(attributes.length)
  }

  /**
   * Writes the labels of a series with these attributes. False if one of them is neither a text nor a whole number; of
   * other numbers than those that are safe and not negative the text is wrong.
   */
  write(writer: ProtobufWriter, key: KeyBytes): boolean {
    if (!this.#findValues(key)) return false
    for (const { bytes, attribute } of this.#steps) {
      if (attribute === NO_ATTRIBUTE) writer.copy(bytes, 0, bytes.byteLength)
      else if (this.#starts[attribute] === IS_NUMBER) this.#writeNumber(writer, bytes, this.#ends[attribute])
      else {
        const start = this.#starts[attribute]
        const size = this.#ends[attribute] - start
        writer.openWith(LABEL, bytes.byteLength + 1 + integerSize(size) + size, bytes, 0, bytes.byteLength)
        writer.openWith(VALUE, size, key.view, start, start + size)
      }
    }
    return true
  }

  #writeNumber(writer: ProtobufWriter, name: DataView, number: number): void {
    const text = String(number)
    writer.openWith(LABEL, name.byteLength + 2 + text.length, name, 0, name.byteLength)
    writer.string(VALUE, text)
  }

  #findValues({ view, start, end }: KeyBytes): boolean {
    let i = 0
    for (let at = start; at < end; i++) {
      const field = fieldAt(view, at)
      const value = contentAt(view, field.nameEnd)
      if (i === this.#starts.length || value === field.end) return false
      const tag = view.getUint8(value)
      if (tag !== STRING_VALUE && tag !== INT_VALUE) return false
      const rest = lengthAt(view, value + 1)
      this.#starts[i] = tag === STRING_VALUE ? contentAt(view, value) : IS_NUMBER
      this.#ends[i] = tag === STRING_VALUE ? this.#starts[i] + rest : rest
      at = field.end
    }
    return i === this.#starts.length
  }
}

function bytesOf(write: (writer: ProtobufWriter) => void): DataView {
  const writer = new ProtobufWriter()
  write(writer)
  return new DataView(Uint8Array.from(writer.finish()).buffer)
}
