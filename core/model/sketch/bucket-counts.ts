import type { ExponentialBuckets } from '../distribution.ts'

/** Counts by bucket index, from the least to the greatest that holds something. */
export class BucketCounts {
  #offset = 0
  #counts: number[] = []

  add(index: number, count: number): void {
    if (this.#counts.length === 0) this.#offset = index
    if (index < this.#offset) {
      this.#counts = new Array<number>(this.#offset - index).fill(0).concat(this.#counts)
      this.#offset = index
    }
    const counts = this.#counts
    while (counts.length <= index - this.#offset) counts.push(0)
    counts[index - this.#offset] += count
  }

  /** By how many scales it must become coarser to hold the indexes from `first` to `last` too, in `most` buckets. */
  shiftToHold(first: number, last: number, most: number): number {
    const low = this.#counts.length === 0 ? first : Math.min(first, this.#offset)
    const high = this.#counts.length === 0 ? last : Math.max(last, this.#offset + this.#counts.length - 1)
    let shift = 0
    while (Math.floor(high / 2 ** shift) - Math.floor(low / 2 ** shift) >= most) shift++
    return shift
  }

  /** Each scale makes one bucket of two. */
  coarsen(shift: number): void {
    const { offset, counts } = this.buckets()
    this.#counts = []
    for (let i = 0; i < counts.length; i++) this.add(Math.floor((offset + i) / 2 ** shift), counts[i])
  }

  /** Takes out the least buckets, as long as `isTaken` holds of their indexes; returns the sum of their counts. */
  takeWhile(isTaken: (index: number) => boolean): number {
    let taken = 0
    while (this.#counts.length > 0 && isTaken(this.#offset)) {
      taken += this.#counts.shift()!
      this.#offset++
    }
    return taken
  }

  /** Without empty ones at the ends. */
  buckets(): ExponentialBuckets {
    const first = this.#counts.findIndex(count => count !== 0)
    if (first < 0) return { offset: 0, counts: [] }
    const last = this.#counts.findLastIndex(count => count !== 0)
    return { offset: this.#offset + first, counts: this.#counts.slice(first, last + 1) }
  }

  get bytes(): number {
    return this.#counts.length * 8
  }
}
