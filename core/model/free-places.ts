import { withRoom } from './columns.ts'

/** Words of 32 places on each side in which a near one is looked for: their columns of 4 bytes are in a page or two of memory. */
const REACH = 16

/**
 * Places, which are dense numbers, that may be used again. One near another place is taken, if there is one: what comes together
 * stays together in columns, however much has come and gone. The answers depend on the free places alone, not on their history.
 */
export class FreePlaces {
  /** Free places. */
  size = 0
  /** A bit for each place, set if it is free. */
  #bits = new Uint32Array()
  /** A bit for each word of these, set if it has one set. */
  #words = new Uint32Array()
  /** No word of those before this has one. */
  #first = 0

  add(place: number): void {
    this.#bits = withRoom(this.#bits, place >>> 5)
    this.#words = withRoom(this.#words, place >>> 10)
    this.#bits[place >>> 5] |= 1 << (place & 31)
    this.#words[place >>> 10] |= 1 << ((place >>> 5) & 31)
    this.#first = Math.min(this.#first, place >>> 10)
    this.size++
  }

  /** A place that is free no more, the first one if none is near; undefined if none is free. @param near -1 for none */
  take(near: number): number | undefined {
    if (this.size === 0) return undefined
    const word = this.#nearWord(near) ?? this.#firstWord()
    const bit = lowestBit(this.#bits[word])
    this.#bits[word] ^= 1 << bit
    if (this.#bits[word] === 0) this.#words[word >>> 5] ^= 1 << (word & 31)
    this.size--
    return word * 32 + bit
  }

  #nearWord(near: number): number | undefined {
    const middle = near >>> 5
    for (let away = 0; away <= REACH; away++) {
      if (this.#hasFree(middle + away)) return middle + away
      if (this.#hasFree(middle - away)) return middle - away
    }
    return undefined
  }

  #firstWord(): number {
    while (this.#words[this.#first] === 0) this.#first++
    return this.#first * 32 + lowestBit(this.#words[this.#first])
  }

  #hasFree(word: number): boolean {
    return word >= 0 && word < this.#bits.length && this.#bits[word] !== 0
  }
}

const lowestBit = (bits: number) => 31 - Math.clz32(bits & -bits)
