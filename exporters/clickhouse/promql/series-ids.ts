import type { MetricForm } from './forms.ts'
import { Remembered } from './remembered.ts'
import type { Selector } from './selector.ts'
import { dayOf, quotedList, secondsOf } from './sql-text.ts'
import type { Statements } from './statements.ts'

/** Ids that are remembered, some 50 bytes each. */
const MAX_IDS = 500_000
const SECOND_MS = 1000

export interface FindRequest {
  readonly selector: Selector
  readonly forms: readonly MetricForm[]
  /** Suffix of the tables. */
  readonly suffix: string
  /** Unix ms: series that may have samples from then on. */
  readonly start: number
  /** Series that began later, as far as is known, are left out. Undefined: samples may be older than the first one known. */
  readonly end: number | undefined
}

/** Ids of series that may match, the same object as long as they are the same. */
export interface SeriesIds {
  readonly ids: readonly bigint[]
  /** Unix ms: when the first of them was seen first, as far as is known. */
  readonly firstMs: number
}

/** Looks up series by what SQL can tell of them. */
export class SeriesIdsIndex {
  readonly #database: string
  readonly #statements: Statements
  readonly #known: Remembered<SeriesIds>

  constructor(database: string, statements: Statements) {
    this.#database = database
    this.#statements = statements
    this.#known = new Remembered(statements, {
      of: 'series',
      maxWeight: MAX_IDS,
      weightOf: ({ ids }) => ids.length + 1
    })
  }

  find(request: FindRequest, signal: AbortSignal): Promise<SeriesIds> {
    const sql = `SELECT series_id, toUnixTimestamp(min(first_seen)) AS first FROM ${foundIn(this.#database, request)}`
    return this.#known.get(sql, until => this.#ask(sql, until), signal)
  }

  async #ask(sql: string, signal: AbortSignal): Promise<SeriesIds> {
    const blocks = await this.#statements.ask(sql, signal)
    let firstMs = Number.POSITIVE_INFINITY
    for (const block of blocks)
      for (const first of block.numbers('first')) firstMs = Math.min(firstMs, first * SECOND_MS)
    return { ids: blocks.flatMap(block => Array.from(block.ids('series_id'))), firstMs }
  }
}

/** Of a query of SQL over series, what follows `FROM`: the rows `s` of the series, grouped by `series_id`. */
export function foundIn(database: string, { selector, forms, suffix, start, end }: FindRequest): string {
  // A row is written anew with the first point of each day, and not for the later ones.
  const begun = end === undefined ? '1' : `min(s.first_seen) <= toDateTime(${secondsOf(end)})`
  return `${database}.series${suffix} AS s WHERE s.name IN ${namesOf(forms)} AND ${selector.prefilter()}
    GROUP BY series_id HAVING max(s.last_seen) >= toDateTime(${dayOf(start)}) AND ${begun}`
}

/** For `IN`, in parentheses. */
export const namesOf = (forms: readonly MetricForm[]) =>
  quotedList([...new Set(forms.map(({ metric }) => metric.name))])
