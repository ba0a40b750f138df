import { Pane } from './pane.ts'

/** A window that has closed: what counted in it, and what came too late for earlier ones of its size. */
export interface ClosedWindow {
  /** Index into the sizes. */
  readonly level: number
  /** Unix ms. */
  readonly start: number
  readonly end: number
  readonly onTime: Pane | undefined
  readonly late: Pane | undefined
}

/** The open windows of one size. Window `i` covers `[i·size, (i+1)·size)` of event time. */
export interface Level {
  readonly size: number
  /** Whether users asked for this size; the pane beneath them all may be one nobody asked for. */
  readonly listed: boolean
  /** Levels that are made of this one's windows. */
  readonly feeds: Level[]
  /** The largest level that this one is made of. */
  readonly parent: Level | undefined
  /** Windows before this index are closed. */
  firstOpen: number
  readonly onTime: Map<number, Pane>
  /** By the index of the window they are reported with: the oldest open one when they came. */
  readonly late: Map<number, Pane>
}

/**
 * Several window sizes in one pass: a point is added once, to the smallest window it can go to, and windows are merged
 * into larger ones as they close.
 */
export class Windows {
  readonly levels: readonly Level[]
  #lastIndex = Number.NaN
  #lastPane = new Pane()

  /** @param sizes ms, in any order */
  constructor(sizes: readonly number[]) {
    this.levels = makeLevels(sizes)
  }

  /** Ms; every window consists of whole panes. */
  get paneSize(): number {
    return this.levels[0].size
  }

  /** Whether the smallest window at `time` has closed. */
  isLate(time: number): boolean {
    const [base] = this.levels
    return Math.floor(time / base.size) < base.firstOpen
  }

  /** For a `time` that is not late. */
  add(slot: number, time: number, sum: number, count: number): void {
    this.paneAt(time).add(slot, sum, count)
  }

  /** The smallest window's, for a `time` that is not late. */
  paneAt(time: number): Pane {
    const index = Math.floor(time / this.levels[0].size)
    if (index !== this.#lastIndex) {
      this.#lastPane = paneAt(this.levels[0].onTime, index)
      this.#lastIndex = index
    }
    return this.#lastPane
  }

  /** The panes that a point at `time` counts in. Where it is late, each size has it: in its window, or as late. */
  *panesAt(time: number): Generator<Pane> {
    for (const level of this.levels) {
      const index = Math.floor(time / level.size)
      if (index < level.firstOpen) yield paneAt(level.late, level.firstOpen)
      else if (isClosed(level.parent, time)) yield paneAt(level.onTime, index)
    }
  }

  /** Closes every window that ends by `watermark`, in order of their ends, smaller before larger. */
  *close(watermark: number): Generator<ClosedWindow> {
    this.#lastIndex = Number.NaN
    const due = this.levels.map(level => dueIndexes(level, watermark))
    for (;;) {
      const i = this.#earliest(due)
      if (i < 0) break
      const level = this.levels[i]
      const index = due[i].pop()!
      const onTime = take(level.onTime, index)
      const late = take(level.late, index)
      if (onTime !== undefined)
        for (const larger of level.feeds) this.#feed(larger, onTime, index * level.size, watermark, due)
      level.firstOpen = index + 1
      yield { level: i, start: index * level.size, end: (index + 1) * level.size, onTime, late }
    }
    for (const level of this.levels) level.firstOpen = Math.max(level.firstOpen, Math.floor(watermark / level.size))
  }

  /** End of the last window that holds anything; closing up to here closes all. */
  get lastEnd(): number {
    let end = Number.NEGATIVE_INFINITY
    for (const { size, onTime, late } of this.levels) {
      for (const index of [...onTime.keys(), ...late.keys()]) end = Math.max(end, (index + 1) * size)
    }
    // A larger window ends later than what it is still to be made of.
    const largest = this.levels.map(({ size }) => Math.ceil(end / size) * size)
    return Math.max(end, ...largest)
  }

  get bytes(): number {
    let bytes = 0
    for (const pane of this.#panes()) bytes += pane.bytes
    return bytes
  }

  slotsInUse(): Set<number> {
    const slots = new Set<number>()
    for (const { keys } of this.#panes()) for (const key of keys) if (key !== 0) slots.add(key - 1)
    return slots
  }

  get isEmpty(): boolean {
    return this.levels.every(({ onTime, late }) => onTime.size + late.size === 0)
  }

  get open(): number {
    return this.levels.reduce((sum, { onTime }) => sum + onTime.size, 0)
  }

  *#panes(): Generator<Pane> {
    for (const { onTime, late } of this.levels) {
      yield* onTime.values()
      yield* late.values()
    }
  }

  #feed(larger: Level, pane: Pane, start: number, watermark: number, due: number[][]): void {
    const index = Math.floor(start / larger.size)
    const isNew = !larger.onTime.has(index) && !larger.late.has(index)
    paneAt(larger.onTime, index).addAll(pane)
    if (isNew && (index + 1) * larger.size <= watermark) insertDescending(due[this.levels.indexOf(larger)], index)
  }

  /** The level whose next due window ends first; of equal ends the smallest level. -1 when nothing is due. */
  #earliest(due: readonly number[][]): number {
    let found = -1
    let foundEnd = Number.POSITIVE_INFINITY
    for (let i = 0; i < due.length; i++) {
      const end = due[i].length === 0 ? Number.POSITIVE_INFINITY : (due[i].at(-1)! + 1) * this.levels[i].size
      if (end < foundEnd) {
        found = i
        foundEnd = end
      }
    }
    return found
  }
}

// Descending, so that the next one is popped off the end.
function dueIndexes({ onTime, late, size }: Level, watermark: number): number[] {
  const indexes = new Set([...onTime.keys(), ...late.keys()])
  return [...indexes].filter(index => (index + 1) * size <= watermark).sort((a, b) => b - a)
}

function insertDescending(indexes: number[], index: number): void {
  let at = indexes.length
  while (at > 0 && indexes[at - 1] < index) at--
  indexes.splice(at, 0, index)
}

function makeLevels(sizes: readonly number[]): Level[] {
  const paneSize = sizes.reduce(greatestCommonDivisor)
  const levels: Level[] = []
  for (const size of [...new Set([paneSize, ...sizes])].sort((a, b) => a - b)) {
    const parent = levels.findLast(level => size % level.size === 0)
    const level = {
      size,
      listed: sizes.includes(size),
      feeds: [],
      parent,
      firstOpen: Number.NEGATIVE_INFINITY,
      onTime: new Map(),
      late: new Map()
    }
    parent?.feeds.push(level)
    levels.push(level)
  }
  return levels
}

function paneAt(panes: Map<number, Pane>, index: number): Pane {
  const known = panes.get(index)
  if (known !== undefined) return known
  const pane = new Pane()
  panes.set(index, pane)
  return pane
}

function take(panes: Map<number, Pane>, index: number): Pane | undefined {
  const pane = panes.get(index)
  panes.delete(index)
  return pane
}

const isClosed = (level: Level | undefined, time: number) =>
  level === undefined || Math.floor(time / level.size) < level.firstOpen

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
