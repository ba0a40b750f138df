import { shortFloat } from '../../../promql/float-text.ts'
import { quote } from '../../../promql/parser/strings.ts'
import { TemplateFailure } from '../template-error.ts'
import { GoDuration, GoTime } from '../times.ts'
import { typeName, type Value } from '../values.ts'

/** Go keeps times and durations as nanoseconds in 64 bits. */
const MOST_NANOSECONDS = 2 ** 63
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const SPECIAL = /^([+-]?)(inf|infinity|nan)$/i

/** A number, or a text that is one. */
export function numberOf(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string') return parsed(value)
  throw new TemplateFailure(`can't convert ${typeName(value)} to float`)
}

/** @param seconds since 1970, finite; more than ms are cut off */
export function goTimeOf(seconds: number): GoTime {
  return new GoTime(Number(nanosecondsOf(seconds) / 1_000_000n))
}

/** @param seconds finite */
export function goDurationOf(seconds: number): GoDuration {
  return new GoDuration(nanosecondsOf(seconds))
}

function nanosecondsOf(seconds: number): bigint {
  const nanoseconds = seconds * 1e9
  if (Number.isFinite(nanoseconds) && Math.abs(nanoseconds) < MOST_NANOSECONDS) return BigInt(Math.trunc(nanoseconds))
  throw new TemplateFailure(
    Number.isFinite(seconds)
      ? `${shortFloat(seconds)} cannot be represented as a nanoseconds timestamp since it overflows int64`
      : 'value is NaN or Inf'
  )
}

function parsed(text: string): number {
  if (DECIMAL.test(text)) return Number(text)
  const special = SPECIAL.exec(text)
  if (special === null) throw new TemplateFailure(`strconv.ParseFloat: parsing ${quote(text)}: invalid syntax`)
  if (special[2]!.toLowerCase() === 'nan') return Number.NaN
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}
