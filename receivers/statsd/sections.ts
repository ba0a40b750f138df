import { parseNumber } from './number.ts'

const PIPE = 124
const CAPITAL_T = 84
// Year 5138 in seconds. A later time was meant in milliseconds, or is no time a store could keep.
const MAX_TIMESTAMP_S = 1e11

/** The index of `byte`, or `end`. */
export function find(bytes: Buffer, byte: number, start: number, end: number): number {
  for (let i = start; i < end; i++) if (bytes[i] === byte) return i
  return end
}

/** The beginning of `|T`, or `end`. */
export function findTimestamp(bytes: Buffer, start: number, end: number): number {
  for (let i = start; i + 1 < end; i++) if (bytes[i] === PIPE && bytes[i + 1] === CAPITAL_T) return i
  return end
}

/** Unix ms, or NaN. */
export function timestamp(bytes: Buffer, stamp: number, end: number): number {
  return milliseconds(parseNumber(bytes, stamp + 2, find(bytes, PIPE, stamp + 1, end)))
}

/** Unix ms, or NaN. @param text seconds */
export function timestampOf(text: string): number {
  return milliseconds(parseNumber(Buffer.from(text, 'latin1'), 0, text.length))
}

const milliseconds = (seconds: number) => (seconds >= 0 && seconds <= MAX_TIMESTAMP_S ? seconds * 1000 : Number.NaN)
