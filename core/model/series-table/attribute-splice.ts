import { lengthTag } from '../../wire/protobuf/reader.ts'
import type { Attributes } from '../attributes.ts'
import type { MetricKind } from '../series.ts'
import { AttributeWriter, attributesField } from './attribute-bytes.ts'
import { type Field, fieldAt } from './attribute-fields.ts'
import type { KeyBytes } from './key-records.ts'

const SHORT = 0x80
const FIRST_BYTES = 1024

/** An attribute that is added. */
interface Added {
  readonly name: Uint8Array
  /** The whole field, but for its tag. */
  readonly body: DataView
}

/** Adds the same attributes to those of many series, as canonical bytes: nothing is decoded. */
export class AttributeSplice {
  /** Two of the same text do the same. */
  readonly text: string
  readonly #added: readonly Added[]
  readonly #reserved: readonly Uint8Array[]
  readonly #addedBytes: number
  #joined = new DataView(new ArrayBuffer(FIRST_BYTES))
  #without = new DataView(new ArrayBuffer(FIRST_BYTES))

  /**
   * @param added sorted by key
   * @param reserved names that the others must not have, with those that are added
   */
  constructor(added: Attributes, reserved: Iterable<string>) {
    const names = [...reserved].sort()
    const free = added.find(([key]) => !names.includes(key))
    if (free !== undefined) throw new RangeError(`the attribute ${free[0]} is added, so its name must be reserved, too`)
    const writer = new AttributeWriter()
    const bodies = added.map(attribute => Uint8Array.from(writer.write([attribute], 'counter').subarray(1)))
    this.#added = bodies.map((body, i) => ({ name: Buffer.from(added[i][0]), body: new DataView(body.buffer) }))
    this.#addedBytes = bodies.reduce((sum, body) => sum + 1 + body.length, 0)
    this.#reserved = names.map(name => Buffer.from(name))
    this.text = `${names.map(name => JSON.stringify(name)).join()} ${bodies.map(body => Buffer.from(body).toString('latin1')).join()}`
  }

  /**
   * The attributes of `key`, with those that are added, for a series of `kind`. They are valid until the next call.
   * Undefined if one has a reserved name, or if the order of names is not that of their bytes.
   */
  join(key: KeyBytes, kind: MetricKind): KeyBytes | undefined {
    const { view, start, end } = key
    for (let at = start; at < end; ) {
      const field = fieldAt(view, at)
      if (!this.#mayHave(view, field)) return undefined
      at = field.end
    }
    return this.joinAgain(key, kind)
  }

  /** The same for a key that could be joined before. */
  joinAgain({ view, start, end }: KeyBytes, kind: MetricKind): KeyBytes {
    const into = this.#roomFor(view, end - start)
    const tag = lengthTag(attributesField(kind))
    const added = this.#added
    let length = 0
    let next = 0
    for (let at = start; at < end; ) {
      const field = fieldAt(view, at)
      while (next < added.length && compare(added[next].name, view, field) < 0)
        length = copyBody(into, length, tag, added[next++].body)
      length = copy(into, length, tag, view, at + 1, field.end)
      at = field.end
    }
    while (next < added.length) length = copyBody(into, length, tag, added[next++].body)
    return { view: into, start: 0, end: length }
  }

  /**
   * The other way: the key, for a series of `kind`, that {@link join} makes this one of. It is valid until the next call.
   * Undefined if there is none.
   */
  without({ view, start, end }: KeyBytes, kind: MetricKind): KeyBytes | undefined {
    if (this.#without.byteLength < end - start) this.#without = new DataView(new ArrayBuffer((end - start) * 2))
    const tag = lengthTag(attributesField(kind))
    const added = this.#added
    let length = 0
    let next = 0
    for (let at = start; at < end; ) {
      const field = fieldAt(view, at)
      if (next < added.length && isBody(added[next].body, view, at + 1, field.end)) next++
      else if (this.#mayHave(view, field) && this.#isInOrder(next, view, field))
        length = copy(this.#without, length, tag, view, at + 1, field.end)
      else return undefined
      at = field.end
    }
    return next === added.length ? { view: this.#without, start: 0, end: length } : undefined
  }

  #mayHave(view: DataView, field: Field): boolean {
    return isAscii(view, field) && !this.#reserved.some(name => compare(name, view, field) === 0)
  }

  /** True if a field belongs behind the added ones before `next`, and before the others. */
  #isInOrder(next: number, view: DataView, field: Field): boolean {
    const added = this.#added
    if (next > 0 && compare(added[next - 1].name, view, field) > 0) return false
    return next === added.length || compare(added[next].name, view, field) > 0
  }

  /** Room that is not that of the key, which may have been joined here. */
  #roomFor({ buffer }: DataView, bytes: number): DataView {
    const wanted = bytes + this.#addedBytes
    if (wanted > this.#joined.byteLength || buffer === this.#joined.buffer)
      this.#joined = new DataView(new ArrayBuffer(Math.max(FIRST_BYTES, wanted * 2)))
    return this.#joined
  }
}

/** Copies a field with another tag; returns its end there. */
function copy(into: DataView, length: number, tag: number, view: DataView, from: number, to: number): number {
  into.setUint8(length, tag)
  let end = length + 1
  let at = from
  for (; at + 4 <= to; at += 4, end += 4) into.setInt32(end, view.getInt32(at, true), true)
  for (; at < to; at++) into.setUint8(end++, view.getUint8(at))
  return end
}

const copyBody = (into: DataView, length: number, tag: number, body: DataView) =>
  copy(into, length, tag, body, 0, body.byteLength)

/** As `Buffer.compare`. */
function compare(a: Uint8Array, view: DataView, { name, nameEnd }: Field): number {
  const shared = Math.min(a.length, nameEnd - name)
  for (let i = 0; i < shared; i++) if (a[i] !== view.getUint8(name + i)) return a[i] - view.getUint8(name + i)
  return a.length - (nameEnd - name)
}

function isAscii(view: DataView, { name, nameEnd }: Field): boolean {
  for (let i = name; i < nameEnd; i++) if (view.getUint8(i) >= SHORT) return false
  return true
}

function isBody(body: DataView, view: DataView, from: number, to: number): boolean {
  const length = body.byteLength
  if (length !== to - from) return false
  for (let i = 0; i < length; i++) if (body.getUint8(i) !== view.getUint8(from + i)) return false
  return true
}
