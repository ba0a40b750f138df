import { HyperLogLog, REGISTER_VALUE_BITS, type SavedHyperLogLog } from './hyperloglog.ts'
import { Murmur3 } from './murmur3.ts'

/** Up to here hashes are kept themselves: sorted, eight bytes each. */
const MOST_EXACT = 512
const INITIAL_CAPACITY = 4
/** 2^14 registers: a standard error of 0.8 % in 16 KiB. */
const PRECISION = 14
/** A hash is cut to the 53 bits a number holds exactly: two of 512 members are alike once in 10^10 sets. */
const LOW_BITS = 21

const murmur = new Murmur3()
const words = new Uint32Array(4)

/** The form that V8 keeps: sorted hashes, or a sketch once there are too many. */
export type SavedDistinct = Float64Array | SavedHyperLogLog

/** Memory it takes. */
export function savedBytes(saved: SavedDistinct): number {
  return saved instanceof Float64Array ? saved.byteLength : (saved.registers ?? saved.sparse)!.byteLength
}

/** The same as a {@link HyperLogLog}, even if hashes themselves are kept: a database merges registers alone. */
export function registersOf(saved: SavedDistinct): SavedHyperLogLog {
  if (!(saved instanceof Float64Array)) return saved
  const sketch = new HyperLogLog(PRECISION)
  for (const hash of saved) addTo(sketch, hash)
  return sketch.save()
}

/**
 * Counts distinct texts: up to 512 exactly, more by {@link HyperLogLog} with a standard error of 0.8 %. Its content
 * depends on the texts alone, not on their order, the process or the number of merges.
 */
export class DistinctCounter {
  /** Undefined once there are too many. */
  #hashes: Float64Array<ArrayBuffer> | undefined = new Float64Array(INITIAL_CAPACITY)
  #length = 0
  #sketch: HyperLogLog | undefined

  static from(saved: SavedDistinct): DistinctCounter {
    const counter = new DistinctCounter()
    if (saved instanceof Float64Array) for (const hash of saved) counter.#add(hash)
    else {
      counter.#hashes = undefined
      counter.#sketch = HyperLogLog.from(saved)
    }
    return counter
  }

  /** With these registers, as {@link registersOf} names them. @param indexes rising */
  static ofRegisters(indexes: ArrayLike<number>, values: ArrayLike<number>): DistinctCounter {
    const sparse = Uint32Array.from(values, (value, i) => (indexes[i] << REGISTER_VALUE_BITS) | value)
    return DistinctCounter.from({ precision: PRECISION, sparse })
  }

  add(text: string): void {
    murmur.reset().text(text).finish(words)
    this.addHash(words[0], words[1])
  }

  /** @param high with `low`: 32 bits each of a hash whose bits are all as good as random */
  addHash(high: number, low: number): void {
    this.#add(high * 2 ** LOW_BITS + (low >>> (32 - LOW_BITS)))
  }

  /** Adds all that `other` was given. */
  merge(other: DistinctCounter): void {
    if (other.#hashes !== undefined) for (let i = 0; i < other.#length; i++) this.#add(other.#hashes[i])
    else this.#toSketch().merge(other.#sketch!)
  }

  /** A whole number. */
  count(): number {
    return this.#sketch === undefined ? this.#length : Math.round(this.#sketch.estimate())
  }

  get bytes(): number {
    return this.#hashes?.byteLength ?? this.#sketch!.bytes
  }

  save(): SavedDistinct {
    return this.#hashes?.slice(0, this.#length) ?? this.#sketch!.save()
  }

  #add(hash: number): void {
    if (this.#hashes === undefined) return addTo(this.#sketch!, hash)
    let at = 0
    for (let end = this.#length; at < end; ) {
      const middle = (at + end) >>> 1
      if (this.#hashes[middle] < hash) at = middle + 1
      else end = middle
    }
    if (at < this.#length && this.#hashes[at] === hash) return
    if (this.#length === MOST_EXACT) addTo(this.#toSketch(), hash)
    else this.#insert(at, hash)
  }

  #insert(at: number, hash: number): void {
    let hashes = this.#hashes!
    if (this.#length === hashes.length) {
      hashes = new Float64Array(this.#length * 2)
      hashes.set(this.#hashes!)
      this.#hashes = hashes
    }
    hashes.copyWithin(at + 1, at, this.#length)
    hashes[at] = hash
    this.#length++
  }

  #toSketch(): HyperLogLog {
    if (this.#sketch !== undefined) return this.#sketch
    this.#sketch = new HyperLogLog(PRECISION)
    for (let i = 0; i < this.#length; i++) addTo(this.#sketch, this.#hashes![i])
    this.#hashes = undefined
    return this.#sketch
  }
}

function addTo(sketch: HyperLogLog, hash: number): void {
  const high = Math.floor(hash / 2 ** LOW_BITS)
  sketch.add(high, (hash - high * 2 ** LOW_BITS) << (32 - LOW_BITS))
}
