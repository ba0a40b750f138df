// MurmurHash3, 32-bit words in, 128 bits out (x86_128):
// https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp Text goes in as UTF-16 code units, eight a
// block, which needs no encoding.

const C1 = 0x239b961b
const C2 = 0xab0e9789 | 0
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93 | 0
const UNITS_PER_BLOCK = 8
const numbers = new Float64Array(1)
const halves = new Int32Array(numbers.buffer)

/**
 * A 128-bit hash of text and numbers, the same in every process. It is not cryptographic: a sender can make two inputs
 * with the same hash. Call `reset`, feed the input, call `finish`.
 */
export class Murmur3 {
  #h1 = 0
  #h2 = 0
  #h3 = 0
  #h4 = 0
  #blocks = 0

  reset(): this {
    this.#h1 = this.#h2 = this.#h3 = this.#h4 = this.#blocks = 0
    return this
  }

  /** Goes on from a finished hash: four words of `from`, beginning at `at`. */
  resume(from: Uint32Array, at = 0): this {
    this.#h1 = from[at]
    this.#h2 = from[at + 1]
    this.#h3 = from[at + 2]
    this.#h4 = from[at + 3]
    this.#blocks = 0
    return this
  }

  text(text: string): this {
    const { length } = text
    let at = 0
    for (; at + UNITS_PER_BLOCK <= length; at += UNITS_PER_BLOCK)
      this.words(pairAt(text, at), pairAt(text, at + 2), pairAt(text, at + 4), pairAt(text, at + 6))
    // The length in the last block keeps texts apart that differ in zeros at the end, or in the end of one of them.
    return this.words(
      unitAt(text, at) | (unitAt(text, at + 1) << 16),
      unitAt(text, at + 2) | (unitAt(text, at + 3) << 16),
      unitAt(text, at + 4) | (unitAt(text, at + 5) << 16),
      unitAt(text, at + 6) ^ (length << 3)
    )
  }

  /** Both zeros are one number, and so are all NaNs. */
  number(value: number): this {
    numbers[0] = value + 0
    if (Number.isNaN(value)) halves.fill(-1)
    return this.words(halves[0], halves[1], 1, 0)
  }

  words(k1: number, k2: number, k3: number, k4: number): this {
    this.#blocks++
    let h1 = this.#h1 ^ Math.imul(rotate(Math.imul(k1, C1), 15), C2)
    h1 = (Math.imul((rotate(h1, 19) + this.#h2) | 0, 5) + 0x561ccd1b) | 0
    let h2 = this.#h2 ^ Math.imul(rotate(Math.imul(k2, C2), 16), C3)
    h2 = (Math.imul((rotate(h2, 17) + this.#h3) | 0, 5) + 0x0bcaa747) | 0
    let h3 = this.#h3 ^ Math.imul(rotate(Math.imul(k3, C3), 17), C4)
    h3 = (Math.imul((rotate(h3, 15) + this.#h4) | 0, 5) + 0x96cd1c35) | 0
    let h4 = this.#h4 ^ Math.imul(rotate(Math.imul(k4, C4), 18), C1)
    h4 = (Math.imul((rotate(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0
    this.#h1 = h1
    this.#h2 = h2
    this.#h3 = h3
    this.#h4 = h4
    return this
  }

  /** Writes the hash to four words of `into`, beginning at `at`. */
  finish(into: Uint32Array, at = 0): void {
    const bytes = this.#blocks * 16
    let h1 = this.#h1 ^ bytes
    let h2 = this.#h2 ^ bytes
    let h3 = this.#h3 ^ bytes
    let h4 = this.#h4 ^ bytes
    h1 = (h1 + h2 + h3 + h4) | 0
    h2 = mix32(h2 + h1)
    h3 = mix32(h3 + h1)
    h4 = mix32(h4 + h1)
    h1 = mix32(h1)
    h1 = (h1 + h2 + h3 + h4) | 0
    into[at] = h1
    into[at + 1] = h2 + h1
    into[at + 2] = h3 + h1
    into[at + 3] = h4 + h1
  }
}

/** Spreads every bit of a 32-bit word over all of it; each word has its own result. */
export function mix32(word: number): number {
  let h = word | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

const rotate = (word: number, bits: number) => (word << bits) | (word >>> (32 - bits))
const pairAt = (text: string, at: number) => text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16)
const unitAt = (text: string, at: number) => (at < text.length ? text.charCodeAt(at) : 0)
