import type { Stepwise } from '../../model/stepwise.ts'
import type { Pane } from './pane.ts'
import { ROWS_PER_STEP } from './rows.ts'
import { type SavedSize, SizedWindows, type WindowOptions, type WindowSize } from './window-size.ts'

/** A window that has closed, or closed before and was amended. */
export interface ClosedWindow {
  /** Index into the sizes. */
  readonly sizeIndex: number
  /** Unix ms. */
  readonly start: number
  readonly end: number
  /** The values that counted in it; if it was amended, those of the groups that changed. */
  readonly onTime: Pane | undefined
  /** The values that came too late for earlier windows of its size. */
  readonly late: Pane | undefined
}

/** All windows on disk. */
export interface SavedWindows {
  readonly closedTo: number
  /** By window size. */
  readonly levels: readonly SavedSize[]
}

/**
 * Several kinds of windows in one pass: a point is added once, to the smallest window it can go to, and windows are
 * merged into larger ones as they close.
 */
export class Windows {
  readonly sizes: readonly SizedWindows[]
  #amendMs: number
  /** The last watermark that closed windows. */
  #closedTo = Number.NEGATIVE_INFINITY
  /** The watermark up to which windows are being closed; -Infinity if none are. */
  #closingTo = Number.NEGATIVE_INFINITY
  /** The pane asked for last, which is open. */
  #lastPane: Pane | undefined
  /** Its times, Unix ms: from here on, and before the end. None if there is no such pane. */
  #lastStart = 0
  #lastEnd = 0

  /** @param sizes in any order */
  constructor(sizes: readonly WindowSize[], options: WindowOptions) {
    this.sizes = makeSizes(sizes, options)
    this.#amendMs = options.amendMs
  }

  /** Ms; every window consists of whole panes. */
  get paneSize(): number {
    return this.sizes[0].sizeMs
  }

  /** True if the smallest window at `time` has closed, or is about to. */
  isLate(time: number): boolean {
    return this.sizes[0].isClosedAt(time) || this.#endAt(time) <= this.#closingTo
  }

  /** True if a late point at `time` comes too late to amend the smallest window. */
  isBeyondAmending(time: number): boolean {
    return this.#endAt(time) + this.#amendMs <= Math.max(this.#closedTo, this.#closingTo)
  }

  /** True from {@link beginClosing} to {@link endClosing}. No late point may be added meanwhile. */
  get isClosing(): boolean {
    return this.#closingTo > Number.NEGATIVE_INFINITY
  }

  /** From now on points are late as if {@link close} had closed all windows up to `watermark`, which takes its time. */
  beginClosing(watermark: number): void {
    this.#closingTo = watermark
    this.#discardLast()
  }

  /** From now on points are late by the windows that have closed. */
  endClosing(): void {
    this.#closingTo = Number.NEGATIVE_INFINITY
  }

  /** The number of smallest windows that have ended by `watermark`, and are neither closed nor being closed. */
  endedBy(watermark: number): number {
    const last = this.isClosing ? this.#closingTo : this.#closedTo
    return this.isEmpty ? 0 : Math.floor(watermark / this.paneSize) - Math.floor(last / this.paneSize)
  }

  /** The pane of the smallest window at `time`; undefined if that has closed. */
  openPaneAt(time: number): Pane | undefined {
    if (time >= this.#lastStart && time < this.#lastEnd) return this.#lastPane
    if (this.isLate(time)) return undefined
    const size = this.paneSize
    this.#lastPane = this.sizes[0].paneAt(time)
    this.#lastStart = Math.floor(time / size) * size
    this.#lastEnd = this.#lastStart + size
    return this.#lastPane
  }

  /** The panes that a late point of `slot` at `time` counts in: each size has it, in its window or as late. */
  *panesOfLate(time: number, slot: number): Generator<Pane> {
    for (const size of this.sizes) yield* size.panesOfLate(time, slot)
  }

  /** Windows that late points changed since this was called last, with the groups that changed. */
  *takeAmended(): Generator<ClosedWindow> {
    for (const [i, size] of this.sizes.entries()) {
      const indexes = [...size.amended.keys()].sort((a, b) => a - b)
      for (const index of indexes) {
        const onTime = size.windowAt(index)?.only(size.amended.get(index)!)
        size.amended.delete(index)
        const end = size.endOf(index)
        yield { sizeIndex: i, start: end - size.sizeMs, end, onTime, late: undefined }
      }
    }
  }

  /** Closes every window that ends by `watermark`, in order of their ends, smaller before larger. */
  *close(watermark: number): Generator<ClosedWindow> {
    const due = this.sizes.map(size => size.due(watermark))
    for (;;) {
      const i = this.#earliest(due)
      if (i < 0) break
      const size = this.sizes[i]
      const index = due[i].pop()!
      const onTime = size.close(index)
      const late = size.takeLate(index)
      const end = size.endOf(index)
      const start = end - size.sizeMs
      if (onTime !== undefined) for (const larger of size.feeds) this.#feed(larger, onTime, start, watermark, due)
      yield { sizeIndex: i, start, end, onTime, late }
    }
    for (const size of this.sizes) size.closeUpTo(watermark)
    this.#closedTo = Math.max(this.#closedTo, watermark)
  }

  /** End of the last window that holds anything; closing up to here closes all. */
  get lastEnd(): number {
    const end = Math.max(...this.sizes.map(size => size.lastEnd))
    // A larger window ends later than the smaller windows that are still to be merged into it.
    return Math.max(end, ...this.sizes.map(({ everyMs }) => Math.ceil(end / everyMs) * everyMs))
  }

  get bytes(): number {
    let bytes = 0
    for (const size of this.sizes) for (const pane of size.panes()) bytes += pane.bytes
    return bytes
  }

  /** 1 for each slot below `slots` that a pane has. */
  *slotsInUse(slots: number): Stepwise<Uint8Array> {
    const inUse = new Uint8Array(slots)
    for (const size of this.sizes)
      for (const { keys } of size.panes())
        for (let at = 0; at < keys.length; at++) {
          if (keys[at] !== 0) inUse[keys[at] - 1] = 1
          if (at % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
        }
    return inUse
  }

  /** True if nothing waits to be emitted. */
  get isEmpty(): boolean {
    return this.sizes.every(size => size.late.size + size.amended.size === 0 && size.open === 0)
  }

  /** Panes that open windows are made of. */
  get open(): number {
    return this.sizes.reduce((sum, size) => sum + size.open, 0)
  }

  *save(): Stepwise<SavedWindows> {
    const sizes: SavedSize[] = []
    for (const size of this.sizes) sizes.push(yield* size.save())
    return { closedTo: this.#closedTo, levels: sizes }
  }

  restore({ closedTo, levels }: SavedWindows): void {
    this.#closedTo = closedTo
    this.#discardLast()
    for (const [i, size] of levels.entries()) this.sizes[i].restore(size)
  }

  #discardLast(): void {
    this.#lastPane = undefined
    this.#lastEnd = this.#lastStart
  }

  /** The end of the smallest window at `time`. */
  #endAt(time: number): number {
    return (Math.floor(time / this.paneSize) + 1) * this.paneSize
  }

  #feed(larger: SizedWindows, pane: Pane, start: number, watermark: number, due: number[][]): void {
    larger.paneAt(start).addAll(pane)
    const indexes = due[this.sizes.indexOf(larger)]
    for (const index of larger.openAt(start, Math.floor(watermark / larger.everyMs))) insertDescending(indexes, index)
  }

  /** The index of the size with the due window that ends first; of equal ends the smallest size. -1 if none is due. */
  #earliest(due: readonly number[][]): number {
    let found = -1
    let foundEnd = Number.POSITIVE_INFINITY
    for (let i = 0; i < due.length; i++) {
      const end = due[i].length === 0 ? Number.POSITIVE_INFINITY : this.sizes[i].endOf(due[i].at(-1)!)
      if (end < foundEnd) {
        found = i
        foundEnd = end
      }
    }
    return found
  }
}

// Descending, so that the next one is popped off the end.
function insertDescending(indexes: number[], index: number): void {
  let at = indexes.length
  while (at > 0 && indexes[at - 1] < index) at--
  if (indexes[at - 1] !== index) indexes.splice(at, 0, index)
}

function makeSizes(sizes: readonly WindowSize[], options: WindowOptions): SizedWindows[] {
  const paneSize = sizes.flatMap(({ sizeMs, everyMs }) => [sizeMs, everyMs]).reduce(greatestCommonDivisor)
  const isListed = sizes.some(({ sizeMs, everyMs }) => sizeMs === paneSize && everyMs === paneSize)
  const all = isListed ? sizes : [{ sizeMs: paneSize, everyMs: paneSize }, ...sizes]
  const tumbling: SizedWindows[] = []
  const made: SizedWindows[] = []
  for (const size of all.toSorted((a, b) => a.sizeMs - b.sizeMs || b.everyMs - a.everyMs)) {
    const ownPane = greatestCommonDivisor(size.sizeMs, size.everyMs)
    const parent = tumbling.findLast(({ sizeMs }) => ownPane % sizeMs === 0)
    const windows = new SizedWindows(size, ownPane, sizes.includes(size), parent, options)
    made.push(windows)
    if (ownPane === size.sizeMs) tumbling.push(windows)
  }
  return made
}

/** The size of the panes that windows of both sizes consist of. */
export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
