const PLUS = 43
const MINUS = 45
const POINT = 46
const ZERO = 48
// A decimal of up to 15 digits is a whole number divided by an exact power of ten: one correct rounding.
const MAX_EXACT_DIGITS = 15
const POWERS_OF_TEN = Array.from({ length: MAX_EXACT_DIGITS + 1 }, (_, i) => 10 ** i)

/** The finite decimal in `bytes` from `start` to `end`, or NaN. */
export function parseNumber(bytes: Buffer, start: number, end: number): number {
  if (start >= end) return Number.NaN
  const sign = bytes[start]
  const first = sign === MINUS || sign === PLUS ? start + 1 : start
  let digits = 0
  let mantissa = 0
  let point = -1
  for (let i = first; i < end; i++) {
    const byte = bytes[i]
    if (byte === POINT && point < 0) point = i
    else if (byte >= ZERO && byte < ZERO + 10 && digits < MAX_EXACT_DIGITS) {
      mantissa = mantissa * 10 + byte - ZERO
      digits++
    } else return parseRareNumber(bytes.toString('latin1', start, end))
  }
  if (digits === 0) return Number.NaN
  const value = point < 0 ? mantissa : mantissa / POWERS_OF_TEN[end - 1 - point]
  return sign === MINUS ? -value : value
}

/** For an exponent or many digits. Excludes other forms that `Number` takes: spaces, hexadecimal, Infinity. */
function parseRareNumber(text: string): number {
  const value = /^[+-]?[\d.]+(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : Number.NaN
}
