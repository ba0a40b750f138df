import { Remembered } from './remembered.ts'
import type { StoreConfig } from './request.ts'
import type { Statements } from './statements.ts'

/** More pieces than that cost more than they save. */
const MOST_RANGES = 32

/** Unix µs, both included. */
interface Range {
  readonly from: number
  readonly to: number
}

/** Times at which a table may hold several versions of a row. `all`: nobody knows. */
export type Overlaps = readonly Range[] | 'all'

/** Tables whose overlaps are remembered: two for each tier. */
const MOST_TABLES = 32

/**
 * A part of a table has each row once, and a row's versions have one time. So only where parts overlap in time there may
 * be several versions, which `FINAL` resolves for some cost. All else is read without. A part that comes between this
 * question and the next may still repeat rows, in that answer only.
 */
export class TableOverlaps {
  readonly #config: StoreConfig
  readonly #statements: Statements
  readonly #known: Remembered<Overlaps>

  constructor(config: StoreConfig, statements: Statements) {
    this.#config = config
    this.#statements = statements
    this.#known = new Remembered(statements, { of: 'blocks', maxWeight: MOST_TABLES, weightOf: () => 1 })
  }

  async of(table: string, signal: AbortSignal): Promise<Overlaps> {
    // Parts of servers have the same names.
    if (this.#config.isDistributed) return 'all'
    return this.#known.get(table, until => this.#ask(table, until), signal)
  }

  async #ask(table: string, signal: AbortSignal): Promise<Overlaps> {
    const micros = (edge: string) => `toFloat64(toUnixTimestamp64Micro(${edge}(time)))`
    const blocks = await this.#statements.ask(
      `SELECT ${micros('min')} AS first, ${micros('max')} AS last FROM ${this.#config.database}.${table} GROUP BY _part`,
      signal
    )
    const parts = blocks.flatMap(block => {
      const [first, last] = [block.numbers('first'), block.numbers('last')]
      return Array.from(first, (from, i) => ({ from, to: last[i] }))
    })
    return overlapsIn(parts)
  }
}

/** Times that are in more than one of `parts`. */
export function overlapsIn(parts: readonly Range[]): Overlaps {
  const overlaps: { from: number; to: number }[] = []
  let covered = Number.NEGATIVE_INFINITY
  for (const { from, to } of parts.toSorted((a, b) => a.from - b.from)) {
    if (from <= covered) {
      const end = Math.min(to, covered)
      const last = overlaps.at(-1)
      if (last !== undefined && from <= last.to) last.to = Math.max(last.to, end)
      else overlaps.push({ from, to: end })
    }
    covered = Math.max(covered, to)
  }
  return overlaps
}

/**
 * A query of SQL for rows of `table`, the latest version of each.
 * @param where a condition on them, by which they are from `after` to `until`, in Unix ms
 */
export function latestRows(
  table: string,
  columns: string,
  where: string,
  overlaps: Overlaps,
  { after, until }: { readonly after: number; readonly until: number }
): string {
  const rows = (final: string, more: string) => `SELECT ${columns} FROM ${table} ${final} WHERE ${where}${more}`
  if (overlaps === 'all') return rows('FINAL', '')
  const within = overlaps.filter(({ from, to }) => to >= after * 1000 && from <= (until + 1) * 1000)
  if (within.length === 0) return rows('', '')
  if (within.length > MOST_RANGES) return rows('FINAL', '')
  const inside = within.map(({ from, to }) => `time BETWEEN ${microsText(from)} AND ${microsText(to)}`).join(' OR ')
  return `SELECT * FROM (${rows('', ` AND NOT (${inside})`)} UNION ALL ${rows('FINAL', ` AND (${inside})`)})`
}

const microsText = (micros: number) => `fromUnixTimestamp64Micro(toInt64(${micros}), 'UTC')`
