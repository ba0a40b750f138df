import type { StoredMetric } from './catalog.ts'
import { latestRows, type Overlaps } from './overlaps.ts'
import { idList, quotedList, timeText } from './sql-text.ts'

/** Kinds of metrics whose points are numbers only. */
const NUMBERS: ReadonlySet<string> = new Set(['gauge', 'counter', 'up_down_counter'])

/** Rows of some series between two times. */
export interface RowRange {
  readonly names: readonly string[]
  /** Undefined: all series of these names. */
  readonly ids: readonly bigint[] | undefined
  /** Only the series of one of so many parts, which are of about the same size. The index counts from 0. */
  readonly part?: { readonly index: number; readonly of: number }
  /** Unix ms: `after < time <= until`, with times rounded down to whole ms. */
  readonly after: number
  readonly until: number
}

export interface Tables {
  readonly database: string
  readonly suffix: string
  /** Those of `samples` and of `distributions`. */
  readonly overlaps: { readonly samples: Overlaps; readonly distributions: Overlaps }
}

/** True if points of these metrics may be in `distributions`. */
export const hasDistributions = (forms: readonly { readonly metric: StoredMetric }[]) =>
  forms.some(({ metric }) => !NUMBERS.has(metric.kind))

/** A query of SQL for the latest versions of rows. @param more a condition besides the range */
export function rowsOf(
  table: 'samples' | 'distributions',
  columns: string,
  range: RowRange & Tables,
  more = '1'
): string {
  const { database, suffix, overlaps, after, until } = range
  const where = `${rowsWithin(range)} AND ${more}`
  return latestRows(`${database}.${table}${suffix}`, columns, where, overlaps[table], { after, until })
}

function rowsWithin({ names, ids, part, after, until }: RowRange): string {
  const ofIds = ids === undefined ? '' : ` AND series_id IN ${idList(ids)}`
  return `name IN ${quotedList(names)}${ofIds}${part === undefined ? '' : ofPart(part)} AND time >= ${timeText(after + 1)} AND time < ${timeText(until + 1)}`
}

/** Ids are hashes, and rows of an hour are sorted by them. */
function ofPart({ index, of }: NonNullable<RowRange['part']>): string {
  const edge = (i: number) => (2n ** 64n * BigInt(i)) / BigInt(of)
  return ` AND series_id BETWEEN ${edge(index)} AND ${edge(index + 1) - 1n}`
}
