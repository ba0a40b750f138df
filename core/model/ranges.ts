import type { Block } from './block.ts'
import { joinBlocks } from './join.ts'
import { sliceBlock } from './slice.ts'

/** Items `from` up to, not including, `to`. */
export interface Range {
  readonly from: number
  readonly to: number
}

export function itemsIn(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0)
}

/** A block of the items of `block` in `ranges`, one at least, in their order. */
export function pickItems(block: Block, ranges: readonly Range[]): Block {
  return joinBlocks(ranges.map(({ from, to }) => sliceBlock(block, from, to)))
}

/** The items below `length` that are in none of `ranges`, which do not overlap. */
export function outside(ranges: readonly Range[], length: number): Range[] {
  const rest: Range[] = []
  let at = 0
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    if (from > at) rest.push({ from: at, to: from })
    at = to
  }
  if (at < length) rest.push({ from: at, to: length })
  return rest
}

/** The parts of `ranges` within `bounds`. */
export function overlap<R extends Range>(ranges: readonly R[], bounds: Range): R[] {
  return overlaps(ranges, [bounds])[0]
}

/** The parts of `ranges` within each of `spans`. Both are in order, and neither overlap among themselves. */
export function overlaps<R extends Range>(ranges: readonly R[], spans: readonly Range[]): R[][] {
  let first = 0
  return spans.map(span => {
    while (first < ranges.length && ranges[first].to <= span.from) first++
    const within: R[] = []
    for (let i = first; i < ranges.length && ranges[i].from < span.to; i++) {
      const from = Math.max(ranges[i].from, span.from)
      const to = Math.min(ranges[i].to, span.to)
      if (from < to) within.push({ ...ranges[i], from, to })
    }
    return within
  })
}

/** `ranges` of the block that {@link pickItems} makes of `picked`, as ranges of the block it was picked from. */
export function unpicked(ranges: readonly Range[], picked: readonly Range[]): Range[] {
  let begin = 0
  return picked.flatMap(({ from, to }) => {
    const offset = from - begin
    const inIt = overlap(ranges, { from: begin, to: begin + to - from })
    begin += to - from
    return inIt.map(range => ({ from: range.from + offset, to: range.to + offset }))
  })
}
