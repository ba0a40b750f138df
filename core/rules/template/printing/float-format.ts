import { shortFloat } from '../../../promql/float-text.ts'

/** A double has no more digits behind its point than these; the others are zeros. */
const MOST_PLACES = 1100

export type FloatVerb = 'e' | 'f' | 'g'

/**
 * A float as Go's printf formats it by such a verb: rounded to even by its exact value, with two digits of exponent at
 * least.
 */
export function formatFloat(value: number, verb: FloatVerb, precision: number): string {
  if (!Number.isFinite(value)) return shortFloat(value)
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const size = Math.abs(value)
  if (verb === 'f') return sign + fixed(size, precision)
  return sign + (verb === 'e' ? exponential(size, precision) : general(size, precision))
}

/** With so many digits behind the point. */
function fixed(value: number, places: number): string {
  const kept = Math.min(places, MOST_PLACES)
  const digits = String(rounded(value, kept)).padStart(kept + 1, '0')
  const fraction = digits.slice(digits.length - kept).padEnd(places, '0')
  return places === 0 ? digits : `${digits.slice(0, digits.length - kept)}.${fraction}`
}

function exponential(value: number, places: number): string {
  const { digits, exponent } = significant(value, places + 1)
  return mantissaText(digits.padEnd(places + 1, '0')) + exponentText(exponent)
}

/** With so many digits in all. Zeros at the end are left out. */
function general(value: number, precision: number): string {
  const count = Math.max(precision, 1)
  const { digits, exponent } = significant(value, count)
  const kept = digits.replace(/(?<=.)0+$/, '')
  const most = count > kept.length && kept.length >= exponent + 1 ? kept.length : count
  if (exponent < -4 || exponent >= most) return mantissaText(kept) + exponentText(exponent)
  return fixed(value, Math.max(kept.length - 1 - exponent, 0))
}

/** The first `count` digits, at most {@link MOST_PLACES}, and the power of ten of the first. */
function significant(value: number, count: number): { digits: string; exponent: number } {
  const kept = Math.min(count, MOST_PLACES)
  if (value === 0) return { digits: '0'.repeat(kept), exponent: 0 }
  // The shortest text of a value may be rounded up to the next power of ten.
  const near = Number(value.toExponential().split('e')[1])
  const exponent = rounded(value, kept - near) < 10n ** BigInt(kept) ? near - 1 : near
  const digits = String(rounded(value, kept - 1 - exponent))
  return digits.length > kept ? { digits: digits.slice(0, kept), exponent: exponent + 1 } : { digits, exponent }
}

/** The value times 10^places as a whole number, rounded half to even. Exact. */
function rounded(value: number, places: number): bigint {
  const { mantissa, power } = partsOf(value)
  let [numerator, denominator] = [mantissa, 1n]
  if (power >= 0) numerator <<= BigInt(power)
  else denominator <<= BigInt(-power)
  if (places >= 0) numerator *= 10n ** BigInt(places)
  else denominator *= 10n ** BigInt(-places)
  const quotient = numerator / denominator
  const twice = 2n * (numerator % denominator)
  const isUp = twice > denominator || (twice === denominator && quotient % 2n === 1n)
  return isUp ? quotient + 1n : quotient
}

/** The value is mantissa times 2^power. */
function partsOf(value: number): { mantissa: bigint; power: number } {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const exponent = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xfffffffffffffn
  return exponent === 0
    ? { mantissa: fraction, power: -1074 }
    : { mantissa: fraction | (1n << 52n), power: exponent - 1075 }
}

const mantissaText = (digits: string) => (digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`)

function exponentText(exponent: number): string {
  return `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}
