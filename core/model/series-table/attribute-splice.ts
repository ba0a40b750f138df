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
  readonly #added: readonly Added[]
  readonly #reserved: readonly Uint8Array[]
  #bytes = Buffer.allocUnsafeSlow(1024)

  /**
   * @param added sorted by key
   * @param reserved names that the others must not have
   */
  constructor(added: Attributes, reserved: Iterable<string>) {
    const writer = new AttributeWriter()
    this.#added = added.map(attribute => {
      const body = Uint8Array.from(writer.write([attribute], 'counter').subarray(1))
      return { key: Buffer.from(attribute[0]), body }
    })
    this.#reserved = Array.from(reserved, name => Buffer.from(name))
  }

  /**
   * The attributes of `key`, with those that are added, for a series of `kind`. They are valid until the next call.
   * Undefined if one has a reserved name, or if the order of names is not that of their bytes.
   */
  join({ view, start, end }: StoredKey, kind: MetricKind): Uint8Array | undefined {
    const bytes = new Uint8Array(view.buffer)
    const tag = lengthTag(attributesField(kind))
    this.#makeRoom(end - start)
    let length = 0
    let next = 0
    for (let at = start; at < end; ) {
      const content = at + 1 + sizeOfLength(bytes, at + 1)
      const fieldEnd = content + lengthAt(bytes, at + 1)
      const key = content + 1 + sizeOfLength(bytes, content + 1)
      const keyEnd = key + lengthAt(bytes, content + 1)
      if (!isAscii(bytes, key, keyEnd) || this.#isReserved(bytes, key, keyEnd)) return undefined
      while (next < this.#added.length && compare(this.#added[next].key, bytes, key, keyEnd) < 0)
        length = this.#add(tag, this.#added[next++].body, length)
      length = this.#copy(tag, bytes, at + 1, fieldEnd, length)
      at = fieldEnd
    }
    while (next < this.#added.length) length = this.#add(tag, this.#added[next++].body, length)
    return this.#bytes.subarray(0, length)
  }

  #add(tag: number, body: Uint8Array, length: number): number {
    this.#bytes[length] = tag
    this.#bytes.set(body, length + 1)
    return length + 1 + body.length
  }

  #copy(tag: number, bytes: Uint8Array, from: number, to: number, length: number): number {
    const own = this.#bytes
    own[length] = tag
    let at = length + 1
    for (let i = from; i < to; i++) own[at++] = bytes[i]
    return at
  }

  #makeRoom(bytes: number): void {
    const wanted = this.#added.reduce((sum, { body }) => sum + 1 + body.length, bytes)
    if (wanted > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(wanted * 2)
  }

  #isReserved(bytes: Uint8Array, start: number, end: number): boolean {
    for (const name of this.#reserved) if (compare(name, bytes, start, end) === 0) return true
    return false
  }
}

/** As `Buffer.compare`. */
function compare(a: Uint8Array, bytes: Uint8Array, start: number, end: number): number {
  const shared = Math.min(a.length, end - start)
  for (let i = 0; i < shared; i++) if (a[i] !== bytes[start + i]) return a[i] - bytes[start + i]
  return a.length - (end - start)
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] >= SHORT) return false
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
