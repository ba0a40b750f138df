import { lengthTag } from '../../wire/protobuf/reader.ts'
import type { Attributes } from '../attributes.ts'
import type { MetricKind } from '../series.ts'
import { AttributeWriter, attributesField } from './attribute-bytes.ts'
import type { StoredKey } from './key-table.ts'

const SHORT = 0x80

/** An attribute that is added. */
interface Added {
  readonly key: Uint8Array
  /** The whole field, but for its tag. */
  readonly body: Uint8Array
}

/** Adds the same attributes to those of many series, as canonical bytes: nothing is decoded. */
export class AttributeSplice {
  /** Two of the same text do the same. */
  readonly text: string
  readonly #added: readonly Added[]
  readonly #reserved: readonly Uint8Array[]
  #joined = Buffer.allocUnsafeSlow(1024)
  #without = Buffer.allocUnsafeSlow(1024)

  /**
   * @param added sorted by key
   * @param reserved names that the others must not have, with those that are added
   */
  constructor(added: Attributes, reserved: Iterable<string>) {
    const names = [...reserved].sort()
    const free = added.find(([key]) => !names.includes(key))
    if (free !== undefined) throw new RangeError(`the attribute ${free[0]} is added, so its name must be reserved, too`)
    const writer = new AttributeWriter()
    this.#added = added.map(attribute => {
      const body = Uint8Array.from(writer.write([attribute], 'counter').subarray(1))
      return { key: Buffer.from(attribute[0]), body }
    })
    this.#reserved = names.map(name => Buffer.from(name))
    this.text = `${names.map(name => JSON.stringify(name)).join()} ${this.#added.map(({ body }) => Buffer.from(body).toString('latin1')).join()}`
  }

  /**
   * The attributes of `key`, with those that are added, for a series of `kind`. They are valid until the next call.
   * Undefined if one has a reserved name, or if the order of names is not that of their bytes.
   */
  join({ view, start, end }: StoredKey, kind: MetricKind): Uint8Array | undefined {
    const bytes = new Uint8Array(view.buffer, view.byteOffset)
    const tag = lengthTag(attributesField(kind))
    this.#makeRoom(end - start)
    let length = 0
    let next = 0
    for (let at = start; at < end; ) {
      const field = fieldAt(bytes, at)
      if (!this.#mayHave(bytes, field)) return undefined
      while (next < this.#added.length && compare(this.#added[next].key, bytes, field) < 0)
        length = this.#add(tag, this.#added[next++].body, length)
      length = copy(this.#joined, length, tag, bytes, at + 1, field.end)
      at = field.end
    }
    while (next < this.#added.length) length = this.#add(tag, this.#added[next++].body, length)
    return this.#joined.subarray(0, length)
  }

  /**
   * The other way: the key, for a series of `kind`, that {@link join} makes this one of. It is valid until the next call.
   * Undefined if there is none.
   */
  without({ view, start, end }: StoredKey, kind: MetricKind): Uint8Array | undefined {
    const bytes = new Uint8Array(view.buffer, view.byteOffset)
    const tag = lengthTag(attributesField(kind))
    if (this.#without.length < end - start) this.#without = Buffer.allocUnsafeSlow((end - start) * 2)
    let length = 0
    let next = 0
    for (let at = start; at < end; ) {
      const field = fieldAt(bytes, at)
      if (next < this.#added.length && isBody(this.#added[next].body, bytes, at + 1, field.end)) next++
      else if (this.#mayHave(bytes, field) && this.#isInOrder(next, bytes, field))
        length = copy(this.#without, length, tag, bytes, at + 1, field.end)
      else return undefined
      at = field.end
    }
    return next === this.#added.length ? this.#without.subarray(0, length) : undefined
  }

  #mayHave(bytes: Uint8Array, field: Field): boolean {
    return isAscii(bytes, field) && !this.#reserved.some(name => compare(name, bytes, field) === 0)
  }

  /** True if a field belongs behind the added ones before `next`, and before the others. */
  #isInOrder(next: number, bytes: Uint8Array, field: Field): boolean {
    const added = this.#added
    if (next > 0 && compare(added[next - 1].key, bytes, field) > 0) return false
    return next === added.length || compare(added[next].key, bytes, field) > 0
  }

  #add(tag: number, body: Uint8Array, length: number): number {
    this.#joined[length] = tag
    this.#joined.set(body, length + 1)
    return length + 1 + body.length
  }

  #makeRoom(bytes: number): void {
    const wanted = this.#added.reduce((sum, { body }) => sum + 1 + body.length, bytes)
    if (wanted > this.#joined.length) this.#joined = Buffer.allocUnsafeSlow(wanted * 2)
  }
}

/** An attribute's field: where its key is, and where it ends. */
interface Field {
  readonly key: number
  readonly keyEnd: number
  readonly end: number
}

function fieldAt(bytes: Uint8Array, at: number): Field {
  const content = at + 1 + sizeOfLength(bytes, at + 1)
  const key = content + 1 + sizeOfLength(bytes, content + 1)
  return { key, keyEnd: key + lengthAt(bytes, content + 1), end: content + lengthAt(bytes, at + 1) }
}

/** Copies a field with another tag; returns its end there. */
function copy(into: Uint8Array, length: number, tag: number, bytes: Uint8Array, from: number, to: number): number {
  into[length] = tag
  let at = length + 1
  for (let i = from; i < to; i++) into[at++] = bytes[i]
  return at
}

/** As `Buffer.compare`. */
function compare(a: Uint8Array, bytes: Uint8Array, { key, keyEnd }: Field): number {
  const shared = Math.min(a.length, keyEnd - key)
  for (let i = 0; i < shared; i++) if (a[i] !== bytes[key + i]) return a[i] - bytes[key + i]
  return a.length - (keyEnd - key)
}

function isAscii(bytes: Uint8Array, { key, keyEnd }: Field): boolean {
  for (let i = key; i < keyEnd; i++) if (bytes[i] >= SHORT) return false
  return true
}

function isBody(body: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (body.length !== to - from) return false
  for (let i = 0; i < body.length; i++) if (body[i] !== bytes[from + i]) return false
  return true
}

/** The varint at `at`. */
function lengthAt(bytes: Uint8Array, at: number): number {
  let length = 0
  let factor = 1
  for (let i = at; ; i++, factor *= SHORT) {
    length += (bytes[i] & (SHORT - 1)) * factor
    if (bytes[i] < SHORT) return length
  }
}

function sizeOfLength(bytes: Uint8Array, at: number): number {
  let size = 1
  while (bytes[at + size - 1] >= SHORT) size++
  return size
}
