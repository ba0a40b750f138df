import { parseNumber } from './number.ts'

const PIPE = 124
const CAPITAL_T = 84
// Year 5138 in seconds. A later time was meant in milliseconds, or is no time a store could keep.
const MAX_TIMESTAMP_S = 1e11

/** The index of `unit`, or `end`. */
export function find(text: string, unit: number, start: number, end: number): number {
  for (let i = start; i < end; i++) if (text.charCodeAt(i) === unit) return i
  return end
}

/** The beginning of `|T`, or `end`. */
export function findTimestamp(text: string, start: number, end: number): number {
  for (let i = start; i < end; i++)
    if (text.charCodeAt(i) === PIPE && text.charCodeAt(i + 1) === CAPITAL_T && i + 1 < end) return i
  return end
}

/** Unix ms, or NaN. */
export function timestamp(text: string, stamp: number, end: number): number {
  const seconds = parseNumber(text, stamp + 2, find(text, PIPE, stamp + 1, end))
  return seconds >= 0 && seconds <= MAX_TIMESTAMP_S ? seconds * 1000 : Number.NaN
}

/** The sections of a line but its timestamp, which would make each line one of its own. */
export function suffix(text: string, start: number, stamp: number, end: number): string {
  return stamp === end
    ? text.slice(start, end)
    : text.slice(start, stamp) + text.slice(find(text, PIPE, stamp + 1, end), end)
}
