import { type Attributes, NO_ATTRIBUTES } from '../../model/attributes.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import { Pane, type PaneLayout, type SavedPane } from './pane.ts'
import { PaneTree } from './pane-tree.ts'

/** Windows of one size. If `everyMs` is the size they tumble; else they overlap, and one ends every so often. */
export interface WindowSize {
  readonly sizeMs: number
  /** At most the size. */
  readonly everyMs: number
  /** Added to the points of these windows. */
  readonly attributes?: Attributes
}

export interface WindowOptions {
  readonly layout: PaneLayout
  /** How long after their end windows are kept for late points to amend; 0: they do not. */
  readonly amendMs: number
}

/** The windows of one size on disk. */
export interface SavedSize {
  readonly firstOpen: number
  readonly panes: SavedPanes
  readonly late: SavedPanes
  readonly amended: readonly (readonly [index: number, slots: Int32Array])[]
}
type SavedPanes = readonly (readonly [number: number, SavedPane])[]

/** The windows of one size, made of panes that do not overlap. Window `i` ends at `(i + 1) · every`. */
export class SizedWindows {
  readonly sizeMs: number
  readonly everyMs: number
  readonly paneSize: number
  readonly attributes: Attributes
  /** True if the configuration lists this size; other sizes may be made of one that it does not list. */
  readonly listed: boolean
  /** Larger sizes that are made of this one's windows. */
  readonly feeds: SizedWindows[] = []
  /** The largest size that this one is made of. */
  readonly parent: SizedWindows | undefined
  /** Windows before this index are closed. */
  firstOpen = Number.NEGATIVE_INFINITY
  /** Late values, by the index of the window they are reported with: the oldest open one when they came. */
  readonly late = new Map<number, Pane>()
  /** Slots that late points changed in windows that were sent, by the window's index. */
  readonly amended = new Map<number, Set<number>>()
  #options: WindowOptions
  #tree: PaneTree

  constructor(
    { sizeMs, everyMs, attributes = NO_ATTRIBUTES }: WindowSize,
    paneSize: number,
    listed: boolean,
    parent: SizedWindows | undefined,
    options: WindowOptions
  ) {
    this.sizeMs = sizeMs
    this.everyMs = everyMs
    this.paneSize = paneSize
    this.attributes = attributes
    this.listed = listed
    this.parent = parent
    this.#options = options
    this.#tree = new PaneTree(sizeMs / paneSize, options.layout)
    parent?.feeds.push(this)
  }

  endOf(index: number): number {
    return (index + 1) * this.everyMs
  }

  /** True if the first of the windows that `time` falls into is closed. */
  isClosedAt(time: number): boolean {
    return this.#firstAt(time) < this.firstOpen
  }

  paneAt(time: number): Pane {
    return this.#tree.change(Math.floor(time / this.paneSize))
  }

  /** Closes window `index`; the pane returned is not to be changed. */
  close(index: number): Pane | undefined {
    this.firstOpen = index + 1
    return this.windowAt(index)
  }

  windowAt(index: number): Pane | undefined {
    const end = this.endOf(index) / this.paneSize
    return this.#tree.sum(end - this.sizeMs / this.paneSize, end)
  }

  takeLate(index: number): Pane | undefined {
    const pane = this.late.get(index)
    this.late.delete(index)
    return pane
  }

  /** The panes that a late point of `slot` at `time` counts in. */
  *panesOfLate(time: number, slot: number): Generator<Pane> {
    // The parent's window is still open at that time, and will bring the point along.
    if (this.parent !== undefined && !this.parent.isClosedAt(time)) return
    const corrects = this.#options.amendMs > 0
    const last = Math.min(this.#lastAt(time), this.firstOpen - 1)
    if (corrects || this.#lastAt(time) >= this.firstOpen) yield this.paneAt(time)
    if (!this.isClosedAt(time)) return
    if (corrects) for (let index = this.#firstAt(time); index <= last; index++) this.#slotsAmended(index).add(slot)
    // Totals need late values even if windows are amended: they have counted these windows already.
    if (!corrects || this.parent === undefined) yield this.#latePane()
  }

  /** Indexes of open windows that end by `watermark` and hold something, from the last to the first. */
  due(watermark: number): number[] {
    const indexes = new Set<number>()
    const end = Math.floor(watermark / this.everyMs)
    for (const number of this.#tree.panes.keys())
      for (const index of this.openAt(number * this.paneSize, end)) indexes.add(index)
    for (const index of this.late.keys()) if (index < end) indexes.add(index)
    return [...indexes].sort((a, b) => b - a)
  }

  /** Indexes of open windows before `end` that `time` falls into. */
  *openAt(time: number, end: number): Generator<number> {
    const last = Math.min(this.#lastAt(time), end - 1)
    for (let index = Math.max(this.#firstAt(time), this.firstOpen); index <= last; index++) yield index
  }

  /** Closes all windows that end by `watermark`, empty ones too, and expires the panes that none needs any more. */
  closeUpTo(watermark: number): void {
    this.firstOpen = Math.max(this.firstOpen, Math.floor(watermark / this.everyMs))
    const kept = Math.floor((watermark - this.sizeMs - this.#options.amendMs) / this.paneSize) + 1
    this.#tree.expireBefore(kept)
  }

  /** Panes that open windows are made of. */
  get open(): number {
    return [...this.openPanes()].length
  }

  /** The end of the last pane of an open window; -Infinity if all are empty. */
  get lastEnd(): number {
    let end = Number.NEGATIVE_INFINITY
    for (const [start] of this.openPanes()) end = Math.max(end, start + this.paneSize)
    for (const index of this.late.keys()) end = Math.max(end, this.endOf(index))
    return end
  }

  /** Panes of open windows, each with its start, Unix ms. */
  *openPanes(): Generator<readonly [start: number, pane: Pane]> {
    for (const [number, pane] of this.#tree.panes) {
      const start = number * this.paneSize
      if (this.#lastAt(start) >= this.firstOpen) yield [start, pane]
    }
  }

  *panes(): Generator<Pane> {
    yield* this.#tree.all()
    yield* this.late.values()
  }

  *save(): Stepwise<SavedSize> {
    return {
      firstOpen: this.firstOpen,
      panes: yield* savePanes(this.#tree.panes),
      late: yield* savePanes(this.late),
      amended: [...this.amended].map(([index, slots]) => [index, Int32Array.from(slots)] as const)
    }
  }

  restore({ firstOpen, panes, late, amended }: SavedSize): void {
    this.firstOpen = firstOpen
    for (const [number, pane] of panes) this.#tree.panes.set(number, Pane.from(pane, this.#options.layout))
    for (const [index, pane] of late) this.late.set(index, Pane.from(pane, this.#options.layout))
    for (const [index, slots] of amended) this.amended.set(index, new Set(slots))
  }

  #firstAt(time: number): number {
    return Math.floor(time / this.everyMs)
  }

  // A pane belongs to a window as a whole, so its start decides for all of it.
  #lastAt(time: number): number {
    const start = Math.floor(time / this.paneSize) * this.paneSize
    return Math.floor((start + this.sizeMs) / this.everyMs) - 1
  }

  #slotsAmended(index: number): Set<number> {
    let slots = this.amended.get(index)
    if (slots === undefined) this.amended.set(index, (slots = new Set()))
    return slots
  }

  #latePane(): Pane {
    let pane = this.late.get(this.firstOpen)
    if (pane === undefined) this.late.set(this.firstOpen, (pane = new Pane(this.#options.layout)))
    return pane
  }
}

function* savePanes(panes: ReadonlyMap<number, Pane>): Stepwise<SavedPanes> {
  const saved: [number, SavedPane][] = []
  for (const [number, pane] of panes) saved.push([number, yield* pane.save()])
  return saved
}
