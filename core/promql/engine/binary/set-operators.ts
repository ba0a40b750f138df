import type { VectorMatching } from '../../ast.ts'
import { mergedRows } from '../merged-rows.ts'
import { newRow, type Query } from '../query.ts'
import { copyCell, NONE, type Row } from '../rows.ts'
import type { Times } from '../times.ts'
import { matchLabels } from './match-group.ts'

/** Samples of the left side that have a partner. */
export function andRows(
  query: Query,
  matching: VectorMatching,
  lhs: readonly Row[],
  rhs: readonly Row[],
  times: Times
): Row[] {
  const present = new Presence(matching, rhs)
  return lhs.flatMap(row => masked(query, row, present.of(row), true, times))
}

/** Those that have none. */
export function unlessRows(
  query: Query,
  matching: VectorMatching,
  lhs: readonly Row[],
  rhs: readonly Row[],
  times: Times
): Row[] {
  const present = new Presence(matching, rhs)
  return lhs.flatMap(row => masked(query, row, present.of(row), false, times))
}

/** Samples of the left side, and those of the right side that have no partner there. */
export function orRows(
  query: Query,
  matching: VectorMatching,
  lhs: readonly Row[],
  rhs: readonly Row[],
  times: Times
): Row[] {
  const present = new Presence(matching, lhs)
  const others = rhs.flatMap(row => masked(query, row, present.of(row), false, times))
  return mergedRows(query, times, [...lhs, ...others])
}

/** At which times there is a sample with some match labels. */
class Presence {
  readonly #labelsOf
  readonly #masks = new Map<string, Uint8Array>()

  constructor(matching: VectorMatching, rows: readonly Row[]) {
    this.#labelsOf = matchLabels(matching)
    for (const row of rows) {
      const { key } = this.#labelsOf(row.labels)
      const mask = this.#masks.get(key)
      if (mask === undefined) this.#masks.set(key, row.kinds.slice())
      else for (let i = 0; i < mask.length; i++) mask[i]! |= row.kinds[i]!
    }
  }

  /** Not 0 where there is one. */
  of(row: Row): Uint8Array | undefined {
    return this.#masks.get(this.#labelsOf(row.labels).key)
  }
}

/** The row's cells where the mask is set, or where it is not. */
function masked(query: Query, row: Row, mask: Uint8Array | undefined, wanted: boolean, times: Times): Row[] {
  if (mask === undefined) return wanted ? [] : [row]
  let kept = 0
  let cells = 0
  for (let i = 0; i < mask.length; i++) {
    if (row.kinds[i] === NONE) continue
    cells++
    if ((mask[i] !== 0) === wanted) kept++
  }
  if (kept === cells) return [row]
  if (kept === 0) return []
  const copy = newRow(query, times, row.labels, row.dropName)
  for (let i = 0; i < mask.length; i++) {
    if (row.kinds[i] !== NONE && (mask[i] !== 0) === wanted) copyCell(row, i, copy, i)
  }
  return [copy]
}
