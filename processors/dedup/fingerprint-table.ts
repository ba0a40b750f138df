/** A power of two, as it doubles. */
const INITIAL_SLOTS = 64
/** Share of slots in use at which a table doubles: longer probes from here cost more than memory. */
const MAX_LOAD = 0.75
const KEY_WORDS = 4
const OCCUPIED = 0x80

/** Most bytes a table takes for each entry, with `values` words of value: after it doubled, and while it does. */
export const bytesPerEntry = (values: number): number => (1 + 4 * (KEY_WORDS + values)) / (MAX_LOAD / 2)

/**
 * 128-bit fingerprints, each with a few words of value, in an open-addressing table of typed arrays. One byte of each
 * fingerprint is kept apart, so that a search in vain touches little memory.
 */
export class FingerprintTable {
  size = 0
  readonly #values: number
  readonly #stride: number
  #slots = INITIAL_SLOTS
  /** How many of 32 bits are too many to number the slots. */
  #shift = Math.clz32(INITIAL_SLOTS - 1)
  #tags = new Uint8Array(INITIAL_SLOTS)
  #words: Uint32Array

  /** @param values words of value an entry has */
  constructor(values: number) {
    this.#values = values
    this.#stride = KEY_WORDS + values
    this.#words = new Uint32Array(INITIAL_SLOTS * this.#stride)
  }

  get bytes(): number {
    return this.#tags.byteLength + this.#words.byteLength
  }

  /**
   * The slot of the fingerprint at `key[at…at+3]`, or -1. Slots hold until the next {@link insert} or {@link delete}.
   */
  find(key: Uint32Array, at = 0): number {
    const tags = this.#tags
    const words = this.#words
    const k0 = key[at]
    const k1 = key[at + 1]
    const last = this.#slots - 1
    const tag = (k1 >>> 25) | OCCUPIED
    let slot = this.#home(k0)
    for (let found = tags[slot]; found !== 0; found = tags[slot]) {
      if (found === tag) {
        const i = slot * this.#stride
        if (words[i] === k0 && words[i + 1] === k1 && words[i + 2] === key[at + 2] && words[i + 3] === key[at + 3])
          return slot
      }
      slot = (slot + 1) & last
    }
    return -1
  }

  /** For a fingerprint that is not in it; its values are 0 until set. Returns its slot. */
  insert(key: Uint32Array, at = 0): number {
    if (this.size >= this.#slots * MAX_LOAD) this.#grow()
    let slot = this.#home(key[at])
    while (this.#tags[slot] !== 0) if (++slot === this.#slots) slot = 0
    this.#tags[slot] = (key[at + 1] >>> 25) | OCCUPIED
    const i = slot * this.#stride
    for (let word = 0; word < KEY_WORDS; word++) this.#words[i + word] = key[at + word]
    for (let word = KEY_WORDS; word < this.#stride; word++) this.#words[i + word] = 0
    this.size++
    return slot
  }

  /** Closes the gap: entries after it move up if they may. */
  delete(slot: number): void {
    const tags = this.#tags
    let gap = slot
    for (let next = slot; ; ) {
      if (++next === this.#slots) next = 0
      if (tags[next] === 0) break
      const home = this.#home(this.#words[next * this.#stride])
      const reach = next >= home ? next - home : next - home + this.#slots
      const distance = next >= gap ? next - gap : next - gap + this.#slots
      if (reach < distance) continue
      tags[gap] = tags[next]
      this.#words.copyWithin(gap * this.#stride, next * this.#stride, (next + 1) * this.#stride)
      gap = next
    }
    tags[gap] = 0
    this.size--
  }

  value(slot: number, index: number): number {
    return this.#words[slot * this.#stride + KEY_WORDS + index]
  }

  setValue(slot: number, index: number, value: number): void {
    this.#words[slot * this.#stride + KEY_WORDS + index] = value
  }

  /** Its entries alone, key and values after each other. */
  save(): Uint32Array {
    const packed = new Uint32Array(this.size * this.#stride)
    let at = 0
    for (let slot = 0; slot < this.#slots; slot++) {
      if (this.#tags[slot] === 0) continue
      packed.set(this.#words.subarray(slot * this.#stride, (slot + 1) * this.#stride), at)
      at += this.#stride
    }
    return packed
  }

  /** Adds the entries that {@link save} returned. */
  restore(packed: Uint32Array): void {
    for (let at = 0; at < packed.length; at += this.#stride) {
      const slot = this.insert(packed, at)
      for (let i = 0; i < this.#values; i++) this.setValue(slot, i, packed[at + KEY_WORDS + i])
    }
  }

  #home(k0: number): number {
    return k0 >>> this.#shift
  }

  #grow(): void {
    const tags = this.#tags
    const words = this.#words
    this.#slots *= 2
    this.#shift--
    this.#tags = new Uint8Array(this.#slots)
    this.#words = new Uint32Array(this.#slots * this.#stride)
    this.size = 0
    for (let slot = 0; slot < tags.length; slot++) {
      if (tags[slot] === 0) continue
      const from = slot * this.#stride
      const to = this.insert(words, from)
      for (let i = 0; i < this.#values; i++) this.setValue(to, i, words[from + KEY_WORDS + i])
    }
  }
}
