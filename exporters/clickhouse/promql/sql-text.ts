const DAY_MS = 86_400_000
const MAX_DATETIME_S = 2 ** 32 - 1
const ESCAPED = /[\\'\0]/g

/** The text as a literal of SQL. */
export function quoted(text: string): string {
  return `'${text.replace(ESCAPED, char => (char === '\0' ? '\\0' : `\\${char}`))}'`
}

/** Texts for `IN`, in parentheses. */
export const quotedList = (texts: readonly string[]): string => `(${texts.map(quoted).join(', ')})`

/**
 * A constant array. ClickHouse takes a text of it as a whole: of thousands of numbers, each a literal of its own, it makes as
 * many nodes, several times.
 */
export const arrayText = (items: readonly (number | bigint)[] | Uint32Array, type: 'UInt64' | 'UInt32'): string =>
  `CAST('[${items.join()}]', 'Array(${type})')`

/** Values of `series_id` for `IN`. */
export const idList = (ids: readonly bigint[]): string => arrayText(ids, 'UInt64')

/** A time as the tables have it. @param ms Unix ms, whole */
export const timeText = (ms: number): string => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`

/** A time as a number that is a DateTime, which ends in 2106. @param ms Unix ms */
export const secondsOf = (ms: number): number => Math.min(MAX_DATETIME_S, Math.max(0, Math.floor(ms / 1000)))

/** The beginning of the day. @param ms Unix ms */
export const dayOf = (ms: number): number => secondsOf(Math.floor(ms / DAY_MS) * DAY_MS)
