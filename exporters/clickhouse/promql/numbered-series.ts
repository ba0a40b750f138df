import { arrayText } from './sql-text.ts'

/** A series that is not in the result, for it came since the series were looked up. */
export const NOWHERE = 4_294_967_295

/** Stored series, and a number for each: that of its output, or of its slot. */
export interface NumberedSeries {
  /** Each once. The same object for the same series, whatever the numbers. */
  readonly ids: readonly bigint[]
  readonly numbers: Uint32Array
}

/** Texts of ids, which are long. */
const texts = new WeakMap<readonly bigint[], string>()

/** A column of `series_id` as the number of the series, or {@link NOWHERE}. */
export function transformed(column: string, { ids, numbers }: NumberedSeries): string {
  const known = texts.get(ids) ?? arrayText(ids, 'UInt64')
  texts.set(ids, known)
  return `transform(${column}, ${known}, ${arrayText(numbers, 'UInt32')}, toUInt32(${NOWHERE}))`
}
