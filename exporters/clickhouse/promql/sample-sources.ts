import { idList, quotedList, timeText } from './sql-text.ts'

/** Rows of some series between two times. */
export interface RowRange {
  readonly names: readonly string[]
  /** Undefined: all series of these names. */
  readonly ids: readonly bigint[] | undefined
  /** Unix ms: `after < time <= until`, with times rounded down to whole ms. */
  readonly after: number
  readonly until: number
}

export interface Tables {
  readonly database: string
  readonly suffix: string
}

/** A condition of SQL on rows of `samples` and `distributions`. */
export function rowsWithin({ names, ids, after, until }: RowRange): string {
  const ofIds = ids === undefined ? '' : ` AND series_id IN ${idList(ids)}`
  return `name IN ${quotedList(names)}${ofIds} AND time >= ${timeText(after + 1)} AND time < ${timeText(until + 1)}`
}
