import { lastWord } from './key-hash.ts'

/** True if the bytes of `b` from `start` to `end` stand in `a` from `at` on, and zeros up to the next whole word. */
export function areEqual(a: DataView, at: number, b: DataView, start: number, end: number): boolean {
  // As bigints that are only compared: V8 makes no objects of them, and most keys that are asked about are equal.
  for (; start + 16 <= end; start += 16, at += 16)
    if (
      a.getBigInt64(at, true) !== b.getBigInt64(start, true) ||
      a.getBigInt64(at + 8, true) !== b.getBigInt64(start + 8, true)
    )
      return false
  for (; start + 4 <= end; start += 4, at += 4) if (a.getInt32(at, true) !== b.getInt32(start, true)) return false
  return start === end || a.getInt32(at, true) === lastWord(b, start, end)
}
