import { USUAL_LIMITS } from '../../model/sketch/exponential-counts.ts'
import { runThrough } from '../../model/stepwise.ts'
import { parseDuration } from '../../schema/units.ts'
import type { SavedSize, SizedWindows, WindowOptions, WindowSize } from '../panes/window-size.ts'
import { type SavedWindows, Windows } from '../panes/windows.ts'

const NO_PANES: WindowOptions = { layout: { accumulators: [], limits: USUAL_LIMITS }, amendMs: 0 }

/** The sizes in a text that signatures of rules have: `10s, 5m/1m`. */
export function sizesIn(text: string): WindowSize[] {
  return text.split(', ').map(size => {
    const [length, every = length] = size.split('/')
    return { sizeMs: parseDuration(length), everyMs: parseDuration(every) }
  })
}

/**
 * True if windows of sizes `now` can take the state of those `before`. All must begin with the same panes. A size that
 * stays must be made of the same other one that stays: each of its values has come to it once, or will come once.
 */
export function canTake(now: readonly WindowSize[], before: readonly WindowSize[]): boolean {
  const [sizes, old] = [now, before].map(all => new Windows(all, NO_PANES).sizes)
  if (placeOf(sizes[0], old) !== 0 || sizes[0].listed !== old[0].listed) return false
  return sizes.every(size => {
    const place = placeOf(size, old)
    return place < 0 || isSame(sourceOf(size, old), sourceOf(old[place], sizes))
  })
}

/** What a size is made of, behind sizes that are not among `others`. */
function sourceOf({ parent }: SizedWindows, others: readonly SizedWindows[]): SizedWindows | undefined {
  return parent === undefined || placeOf(parent, others) >= 0 ? parent : sourceOf(parent, others)
}

/**
 * The state of windows that had sizes `before`, as windows of `sizes` take it, which {@link canTake} it. A size that
 * is there before and after goes on as if nothing had changed. One that is new is empty. What one that is gone has not
 * handed on yet goes to the larger ones.
 */
export function withSizes(
  sizes: readonly SizedWindows[],
  saved: SavedWindows,
  before: readonly WindowSize[],
  options: WindowOptions
): SavedWindows {
  const old = new Windows(before, options)
  if (sizes.length === old.sizes.length && sizes.every(size => placeOf(size, old.sizes) >= 0)) return saved
  old.restore(saved)
  for (const size of old.sizes) if (placeOf(size, sizes) < 0) handOn(size)
  const { closedTo, levels } = runThrough(old.save())
  return { closedTo, levels: sizes.map(size => levels[placeOf(size, old.sizes)] ?? emptySize(size, closedTo)) }
}

/** Its values are in no larger window until its own closes. */
function handOn(size: SizedWindows): void {
  for (const larger of size.feeds) for (const [start, pane] of size.openPanes()) larger.paneAt(start).addAll(pane)
}

const placeOf = (wanted: SizedWindows, sizes: readonly SizedWindows[]) => sizes.findIndex(size => isSame(size, wanted))
const isSame = (a: SizedWindows | undefined, b: SizedWindows | undefined) =>
  a?.sizeMs === b?.sizeMs && a?.everyMs === b?.everyMs

function emptySize({ everyMs }: SizedWindows, closedTo: number): SavedSize {
  return { firstOpen: Math.floor(closedTo / everyMs), panes: [], late: [], amended: [] }
}
