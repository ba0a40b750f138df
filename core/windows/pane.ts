import { type DistinctSketch, type MemberSet, numberOf } from '../model/distribution.ts'
import { DistinctCounter } from '../model/sketch/distinct-counter.ts'
import { addDistinct } from '../model/sketch/distinct-sketch.ts'
import { MergedHistogram } from './merged-histogram.ts'

const INITIAL_CAPACITY = 64

/**
 * Sums of one window, by group slot. An open-addressing table whose hash is the slot itself: slots are dense, so where
 * most groups are active it is as good as an array, and where few are it stays small.
 */
export class Pane {
  size = 0
  /** Slot + 1; 0 where empty. */
  keys = new Int32Array(INITIAL_CAPACITY)
  sums = new Float64Array(INITIAL_CAPACITY)
  counts = new Float64Array(INITIAL_CAPACITY)
  /** Of sets, by slot; `sums` counts their members as often as they came. */
  distinct: Map<number, DistinctCounter> | undefined
  /** By slot. */
  histograms: Map<number, MergedHistogram> | undefined

  add(slot: number, sum: number, count: number): void {
    const { keys } = this
    const mask = keys.length - 1
    const key = slot + 1
    let at = slot & mask
    while (keys[at] !== key) {
      if (keys[at] === 0) return this.#insert(slot, sum, count)
      at = (at + 1) & mask
    }
    this.sums[at] += sum
    this.counts[at] += count
  }

  addDistinct(slot: number, members: MemberSet | DistinctSketch): void {
    this.add(slot, numberOf(members), 1)
    addDistinct(this.distinctOf(slot), members)
  }

  /** What counts the members of a set; made where there is none. */
  distinctOf(slot: number): DistinctCounter {
    this.distinct ??= new Map()
    let counter = this.distinct.get(slot)
    if (counter === undefined) this.distinct.set(slot, (counter = new DistinctCounter()))
    return counter
  }

  /** What adds up the histograms of a group; made where there is none. */
  histogramOf(slot: number): MergedHistogram {
    this.histograms ??= new Map()
    let merged = this.histograms.get(slot)
    if (merged === undefined) {
      merged = new MergedHistogram()
      this.histograms.set(slot, merged)
    }
    return merged
  }

  addAll(other: Pane): void {
    const { keys, sums, counts } = other
    for (let at = 0; at < keys.length; at++) if (keys[at] !== 0) this.add(keys[at] - 1, sums[at], counts[at])
    if (other.distinct !== undefined)
      for (const [slot, distinct] of other.distinct) this.distinctOf(slot).merge(distinct)
    if (other.histograms !== undefined)
      for (const [slot, histogram] of other.histograms) this.histogramOf(slot).merge(histogram)
  }

  get bytes(): number {
    let bytes = this.keys.length * 20
    if (this.distinct !== undefined) for (const distinct of this.distinct.values()) bytes += distinct.bytes
    if (this.histograms !== undefined) for (const histogram of this.histograms.values()) bytes += histogram.bytes
    return bytes
  }

  #insert(slot: number, sum: number, count: number): void {
    if (this.size * 2 >= this.keys.length) this.#grow()
    const { keys } = this
    const mask = keys.length - 1
    let at = slot & mask
    while (keys[at] !== 0) at = (at + 1) & mask
    keys[at] = slot + 1
    this.sums[at] = sum
    this.counts[at] = count
    this.size++
  }

  #grow(): void {
    const { keys, sums, counts } = this
    this.keys = new Int32Array(keys.length * 2)
    this.sums = new Float64Array(keys.length * 2)
    this.counts = new Float64Array(keys.length * 2)
    this.size = 0
    for (let at = 0; at < keys.length; at++) if (keys[at] !== 0) this.#insert(keys[at] - 1, sums[at], counts[at])
  }
}
