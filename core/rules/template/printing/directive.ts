import { shortFloat } from '../../../promql/float-text.ts'
import { quote } from '../../../promql/parser/strings.ts'
import { LONGEST_TEXT } from '../bounded-text.ts'
import { TemplateFailure } from '../template-error.ts'
import { GoDuration, NamedInt } from '../times.ts'
import { typeName, type Value } from '../values.ts'
import { type FloatVerb, formatFloat } from './float-format.ts'
import { NIL_TEXT, plainText } from './print-value.ts'

/** One `%…` of a format. */
export interface Directive {
  /** Of `+-# 0`. */
  readonly flags: ReadonlySet<string>
  readonly width: number | undefined
  readonly precision: number | undefined
  readonly verb: string
}

/** Places behind the point of `%e` and `%f`. */
const DEFAULT_PRECISION = 6
const BASES: Readonly<Record<string, number>> = { b: 2, o: 8, O: 8, d: 10, v: 10, x: 16, X: 16 }
const PREFIXES: Readonly<Record<string, string>> = { b: '0b', o: '0', x: '0x', X: '0X' }

/** A value that is one thing, by a directive. */
export function formatValue(value: Value, directive: Directive): string {
  const { width = 0, precision = 0 } = directive
  if (Math.max(width, precision) > LONGEST_TEXT)
    throw new TemplateFailure(`a text is longer than ${LONGEST_TEXT} characters, which is the most`)
  const text = digitsOf(value, directive)
  return text === undefined ? badVerb(value, directive) : text
}

/** Undefined if the verb does not fit the value. */
function digitsOf(value: Value, directive: Directive): string | undefined {
  switch (typeof value) {
    case 'undefined':
      return directive.verb === 'v' ? padded(NIL_TEXT, directive) : undefined
    case 'boolean':
      return directive.verb === 't' || directive.verb === 'v' ? padded(String(value), directive) : undefined
    case 'number':
      return floatText(value, directive)
    case 'bigint':
      return intText(value, directive)
  }
  const number = value instanceof NamedInt ? value.value : value instanceof GoDuration ? value.nanoseconds : undefined
  const isText = 'vsqxX'.includes(directive.verb)
  if (number !== undefined && !isText) return intText(number, directive)
  return isText ? stringText(plainText(value)!, directive) : undefined
}

function stringText(value: string, directive: Directive): string {
  const { verb, precision, flags } = directive
  const text = precision === undefined ? value : [...value].slice(0, precision).join('')
  if (verb === 'q') return padded(flags.has('#') && !/[`\p{Cc}]/u.test(text) ? `\`${text}\`` : quote(text), directive)
  if (verb === 'v' && flags.has('#')) return padded(quote(text), directive)
  return verb === 'x' || verb === 'X' ? padded(hexText(value, directive), directive) : padded(text, directive)
}

function hexText(value: string, { verb, precision, flags }: Directive): string {
  const bytes = Buffer.from(value).subarray(0, precision)
  const pairs = Array.from(bytes, byte => byte.toString(16).padStart(2, '0'))
  const prefix = flags.has('#') ? '0x' : ''
  const text = flags.has(' ')
    ? pairs.map(pair => prefix + pair).join(' ')
    : (pairs.length > 0 ? prefix : '') + pairs.join('')
  return verb === 'X' ? text.toUpperCase() : text
}

function intText(value: bigint, directive: Directive): string | undefined {
  const { verb, precision, flags, width = 0 } = directive
  if (verb === 'c' || verb === 'q' || verb === 'U') return charText(value, directive)
  const base = BASES[verb]
  if (base === undefined) return undefined
  const sign = value < 0n ? '-' : flags.has('+') ? '+' : flags.has(' ') ? ' ' : ''
  const size = value < 0n ? -value : value
  let digits = precision === 0 && value === 0n ? '' : size.toString(base)
  if (precision !== undefined) digits = digits.padStart(precision, '0')
  else if (flags.has('0') && !flags.has('-')) digits = digits.padStart(width - sign.length, '0')
  const prefix = verb === 'O' ? '0o' : flags.has('#') ? (PREFIXES[verb] ?? '') : ''
  const text = sign + prefix + (verb === 'X' ? digits.toUpperCase() : digits)
  return padded(text, directive, ' ')
}

function charText(value: bigint, directive: Directive): string {
  const point = value >= 0n && value <= 0x10ffffn ? Number(value) : 0xfffd
  const char = String.fromCodePoint(point).toWellFormed()
  if (directive.verb === 'c') return padded(char, directive)
  if (directive.verb === 'U') return padded(`U+${value.toString(16).toUpperCase().padStart(4, '0')}`, directive, ' ')
  const quoted = char === "'" ? "\\'" : char === '"' ? '"' : quote(char).slice(1, -1)
  return padded(`'${quoted}'`, directive)
}

function floatText(value: number, directive: Directive): string | undefined {
  const { verb, precision, flags } = directive
  const lower = verb === 'v' ? 'g' : verb.toLowerCase()
  if (!['e', 'f', 'g'].includes(lower)) return undefined
  const isShortest = lower === 'g' && precision === undefined
  const digits = isShortest ? shortFloat(value) : formatFloat(value, lower as FloatVerb, precision ?? DEFAULT_PRECISION)
  const unsigned = digits.replace(/^[+-]/, '')
  // Infinity is written with its sign.
  const own = digits === unsigned ? '' : digits[0]!
  const sign = own === '-' || flags.has('+') ? own || '+' : flags.has(' ') ? ' ' : own
  const text = verb === 'E' || verb === 'G' ? unsigned.replace('e', 'E') : unsigned
  const zeros = flags.has('0') && !flags.has('-') && Number.isFinite(value)
  if (zeros) return sign + text.padStart((directive.width ?? 0) - sign.length, '0')
  return padded(sign + text, directive, ' ')
}

/** The value is printed with the flags, width and precision of the verb that does not fit. */
function badVerb(value: Value, directive: Directive): string {
  if (value === undefined) return `%!${directive.verb}(${NIL_TEXT})`
  return `%!${directive.verb}(${typeName(value)}=${digitsOf(value, { ...directive, verb: 'v' })})`
}

/** Counts characters, not bytes. */
function padded(text: string, { flags, width = 0 }: Directive, fill?: ' '): string {
  const missing = width - [...text].length
  if (missing <= 0) return text
  if (flags.has('-')) return text + ' '.repeat(missing)
  return (fill ?? (flags.has('0') ? '0' : ' ')).repeat(missing) + text
}
