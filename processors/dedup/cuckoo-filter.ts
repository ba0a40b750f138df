// Cuckoo filter, Fan et al., https://www.cs.cmu.edu/~dga/papers/cuckoo-conext2014.pdf
import { mix32 } from '../../core/model/sketch/murmur3.ts'

const CELLS_PER_BUCKET = 4
/** Fuller than this, insertions push others around for long. */
const MAX_LOAD = 0.9
const MAX_KICKS = 200
const TWO_TO_32 = 2 ** 32

export const cuckooBytes = (capacity: number, bits: 16 | 32): number =>
  bucketsFor(capacity) * CELLS_PER_BUCKET * (bits / 8)

/**
 * A set of fingerprints in 2 or 4 bytes each. It says yes for all that were added, and rarely for another one.
 * Fingerprints can be removed again, which a Bloom filter cannot do.
 */
export class CuckooFilter {
  size = 0
  readonly #buckets: number
  readonly #bits: 16 | 32
  readonly #cells: Uint16Array | Uint32Array
  /** Entries that found no cell: cell contents and one of their buckets. */
  #homeless: { cell: number; bucket: number }[] = []

  /** @param bits of each fingerprint kept: 8·load/2^bits is how often it is wrong */
  constructor(capacity: number, bits: 16 | 32) {
    this.#bits = bits
    this.#buckets = bucketsFor(capacity)
    const cells = this.#buckets * CELLS_PER_BUCKET
    this.#cells = bits === 16 ? new Uint16Array(cells) : new Uint32Array(cells)
  }

  get bytes(): number {
    return this.#cells.byteLength
  }

  /** True if nothing should be added any more, though it may be. */
  get isCrowded(): boolean {
    return this.#homeless.length > 0
  }

  has(key: Uint32Array, at = 0): boolean {
    const cell = this.#cellOf(key, at)
    const bucket = this.#bucketOf(key[at])
    if (this.#placeIn(bucket, cell) >= 0 || this.#placeIn(this.#other(bucket, cell), cell) >= 0) return true
    return this.#homeless.length > 0 && this.#homelessAt(cell, bucket) >= 0
  }

  add(key: Uint32Array, at = 0): void {
    this.size++
    let cell = this.#cellOf(key, at)
    let bucket = this.#bucketOf(key[at])
    if (this.#put(bucket, cell) || this.#put(this.#other(bucket, cell), cell)) return
    bucket = this.#other(bucket, cell)
    for (let kick = 0; kick < MAX_KICKS; kick++) {
      // The entry that moves depends on the contents alone: a replay moves the same.
      const place = bucket * CELLS_PER_BUCKET + ((cell + kick) & (CELLS_PER_BUCKET - 1))
      const evicted = this.#cells[place]
      this.#cells[place] = cell
      cell = evicted
      bucket = this.#other(bucket, cell)
      if (this.#put(bucket, cell)) return
    }
    this.#homeless.push({ cell, bucket })
  }

  /** For a key that was added. */
  remove(key: Uint32Array, at = 0): void {
    const cell = this.#cellOf(key, at)
    const bucket = this.#bucketOf(key[at])
    let place = this.#placeIn(bucket, cell)
    if (place < 0) place = this.#placeIn(this.#other(bucket, cell), cell)
    const homeless = place < 0 ? this.#homelessAt(cell, bucket) : -1
    if (place >= 0) this.#cells[place] = 0
    else if (homeless >= 0) this.#homeless.splice(homeless, 1)
    else return
    this.size--
  }

  save(): unknown {
    return { size: this.size, cells: this.#cells.slice(), homeless: this.#homeless }
  }

  restore(saved: unknown): void {
    const { size, cells, homeless } = saved as {
      size: number
      cells: Uint16Array
      homeless: { cell: number; bucket: number }[]
    }
    this.size = size
    this.#cells.set(cells)
    this.#homeless = homeless
  }

  // 0 is an empty cell.
  #cellOf(key: Uint32Array, at: number): number {
    const cell = this.#bits === 16 ? key[at + 2] & 0xffff : key[at + 2]
    return cell === 0 ? 1 : cell
  }

  #bucketOf(k0: number): number {
    return Math.floor((k0 / TWO_TO_32) * this.#buckets)
  }

  /** Each is the other's other, so that a cell can move without its key. */
  #other(bucket: number, cell: number): number {
    const other = ((mix32(cell) >>> 0) % this.#buckets) - bucket
    return other < 0 ? other + this.#buckets : other
  }

  #placeIn(bucket: number, cell: number): number {
    const cells = this.#cells
    const first = bucket * CELLS_PER_BUCKET
    for (let place = first; place < first + CELLS_PER_BUCKET; place++) if (cells[place] === cell) return place
    return -1
  }

  #put(bucket: number, cell: number): boolean {
    const place = this.#placeIn(bucket, 0)
    if (place < 0) return false
    this.#cells[place] = cell
    return true
  }

  #homelessAt(cell: number, bucket: number): number {
    const other = this.#other(bucket, cell)
    return this.#homeless.findIndex(one => one.cell === cell && (one.bucket === bucket || one.bucket === other))
  }
}

function bucketsFor(capacity: number): number {
  return Math.ceil(capacity / CELLS_PER_BUCKET / MAX_LOAD)
}
