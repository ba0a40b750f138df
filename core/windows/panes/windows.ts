import type { Stepwise } from '../../model/stepwise.ts'
import type { Pane } from './pane.ts'
import { Level, type LevelOptions, type SavedLevel, type WindowSize } from './window-size.ts'

/** A window that has closed, or closed before and was amended. */
export interface ClosedWindow {
  /** Index into the levels. */
  readonly level: number
  /** Unix ms. */
  readonly start: number
  readonly end: number
  /** What counted in it; of an amended one, of the groups that changed. */
  readonly onTime: Pane | undefined
  /** What came too late for earlier ones of its size. */
  readonly late: Pane | undefined
}

/** What is on disk. */
export interface SavedWindows {
  readonly closedTo: number
  readonly levels: readonly SavedLevel[]
}

/**
 * Several kinds of windows in one pass: a point is added once, to the smallest window it can go to, and windows are
 * merged into larger ones as they close.
 */
export class Windows {
  readonly levels: readonly Level[]
  #amendMs: number
  /** What watermark closed windows last. */
  #closedTo = Number.NEGATIVE_INFINITY
  #lastIndex = Number.NaN
  #lastPane: Pane | undefined

  /** @param sizes in any order */
  constructor(sizes: readonly WindowSize[], options: LevelOptions) {
    this.levels = makeLevels(sizes, options)
    this.#amendMs = options.amendMs
  }

  /** Ms; every window consists of whole panes. */
  get paneSize(): number {
    return this.levels[0].size
  }

  /** Whether the smallest window at `time` has closed. */
  isLate(time: number): boolean {
    return this.levels[0].isClosedAt(time)
  }

  /** Whether a late point at `time` comes too late to amend the smallest window. */
  isBeyondAmending(time: number): boolean {
    const end = (Math.floor(time / this.paneSize) + 1) * this.paneSize
    return end + this.#amendMs <= this.#closedTo
  }

  /** The smallest window's, for a `time` that is not late. */
  paneAt(time: number): Pane {
    const index = Math.floor(time / this.levels[0].size)
    if (index !== this.#lastIndex || this.#lastPane === undefined) {
      this.#lastPane = this.levels[0].paneAt(time)
      this.#lastIndex = index
    }
    return this.#lastPane
  }

  /** The panes that a late point of `slot` at `time` counts in: each size has it, in its window or as late. */
  *panesOfLate(time: number, slot: number): Generator<Pane> {
    for (const level of this.levels) yield* level.panesOfLate(time, slot)
  }

  /** Windows that late points changed since this was called last, with the groups that changed. */
  *takeAmended(): Generator<ClosedWindow> {
    for (const [i, level] of this.levels.entries()) {
      const indexes = [...level.amended.keys()].sort((a, b) => a - b)
      for (const index of indexes) {
        const onTime = level.windowAt(index)?.only(level.amended.get(index)!)
        level.amended.delete(index)
        const end = level.endOf(index)
        yield { level: i, start: end - level.size, end, onTime, late: undefined }
      }
    }
  }

  /** Closes every window that ends by `watermark`, in order of their ends, smaller before larger. */
  *close(watermark: number): Generator<ClosedWindow> {
    this.#lastIndex = Number.NaN
    const due = this.levels.map(level => level.due(watermark))
    for (;;) {
      const i = this.#earliest(due)
      if (i < 0) break
      const level = this.levels[i]
      const index = due[i].pop()!
      const onTime = level.close(index)
      const late = level.takeLate(index)
      const end = level.endOf(index)
      const start = end - level.size
      if (onTime !== undefined) for (const larger of level.feeds) this.#feed(larger, onTime, start, watermark, due)
      yield { level: i, start, end, onTime, late }
    }
    for (const level of this.levels) level.closeUpTo(watermark)
    this.#closedTo = Math.max(this.#closedTo, watermark)
  }

  /** End of the last window that holds anything; closing up to here closes all. */
  get lastEnd(): number {
    const end = Math.max(...this.levels.map(level => level.lastEnd))
    // A larger window ends later than what it is still to be made of.
    return Math.max(end, ...this.levels.map(({ every }) => Math.ceil(end / every) * every))
  }

  get bytes(): number {
    let bytes = 0
    for (const level of this.levels) for (const pane of level.panes()) bytes += pane.bytes
    return bytes
  }

  /** 1 for each slot below `slots` that a pane has. */
  slotsInUse(slots: number): Uint8Array {
    const inUse = new Uint8Array(slots)
    for (const level of this.levels)
      for (const { keys } of level.panes())
        for (let at = 0; at < keys.length; at++) if (keys[at] !== 0) inUse[keys[at] - 1] = 1
    return inUse
  }

  /** Whether nothing waits to be sent. */
  get isEmpty(): boolean {
    return this.levels.every(level => level.late.size + level.amended.size === 0 && level.open === 0)
  }

  /** Panes that open windows are made of. */
  get open(): number {
    return this.levels.reduce((sum, level) => sum + level.open, 0)
  }

  *save(): Stepwise<SavedWindows> {
    const levels: SavedLevel[] = []
    for (const level of this.levels) levels.push(yield* level.save())
    return { closedTo: this.#closedTo, levels }
  }

  restore({ closedTo, levels }: SavedWindows): void {
    this.#closedTo = closedTo
    for (const [i, level] of levels.entries()) this.levels[i].restore(level)
  }

  #feed(larger: Level, pane: Pane, start: number, watermark: number, due: number[][]): void {
    larger.paneAt(start).addAll(pane)
    const indexes = due[this.levels.indexOf(larger)]
    for (const index of larger.openAt(start, Math.floor(watermark / larger.every))) insertDescending(indexes, index)
  }

  /** The level whose next due window ends first; of equal ends the smallest level. -1 when nothing is due. */
  #earliest(due: readonly number[][]): number {
    let found = -1
    let foundEnd = Number.POSITIVE_INFINITY
    for (let i = 0; i < due.length; i++) {
      const end = due[i].length === 0 ? Number.POSITIVE_INFINITY : this.levels[i].endOf(due[i].at(-1)!)
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

function makeLevels(sizes: readonly WindowSize[], options: LevelOptions): Level[] {
  const paneSize = sizes.flatMap(({ sizeMs, everyMs }) => [sizeMs, everyMs]).reduce(greatestCommonDivisor)
  const isListed = sizes.some(({ sizeMs, everyMs }) => sizeMs === paneSize && everyMs === paneSize)
  const all = isListed ? sizes : [{ sizeMs: paneSize, everyMs: paneSize }, ...sizes]
  const tumbling: Level[] = []
  const levels: Level[] = []
  for (const size of all.toSorted((a, b) => a.sizeMs - b.sizeMs || b.everyMs - a.everyMs)) {
    const ownPane = greatestCommonDivisor(size.sizeMs, size.everyMs)
    const parent = tumbling.findLast(level => ownPane % level.size === 0)
    const level = new Level(size, ownPane, sizes.includes(size), parent, options)
    levels.push(level)
    if (ownPane === size.sizeMs) tumbling.push(level)
  }
  return levels
}

/** The pane that windows of both sizes consist of. */
export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
