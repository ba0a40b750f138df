const ESCAPED = /[\\'\0]/g

/** The text as a literal of SQL. */
export function quoted(text: string): string {
  return `'${text.replace(ESCAPED, char => (char === '\0' ? '\\0' : `\\${char}`))}'`
}

/** Texts for `IN`, in parentheses. */
export const quotedList = (texts: readonly string[]): string => `(${texts.map(quoted).join(', ')})`

/** Values of `series_id` for `IN`, in parentheses. */
export const idList = (ids: readonly bigint[]): string => `(${ids.join(',')})`

/** A time as the tables have it. @param ms Unix ms, whole */
export const timeText = (ms: number): string => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`
