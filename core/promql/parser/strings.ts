/** Bytes of the escapes of one letter. */
const ESCAPES = new Map([
  ['a', 0x07],
  ['b', 0x08],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
  ['\\', 0x5c]
])
/** Digits of the escapes that name a number. `\x` and octal ones name a byte, the others a code point. */
const NUMERIC = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})/y
const PRINTABLE = /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u
const SHORT_ESCAPES = new Map(Array.from(ESCAPES, ([letter, byte]) => [String.fromCharCode(byte), letter]))

/** A string's value, or the problem of one of its escapes. */
export type Unquoted = { readonly value: string } | { readonly problem: string; readonly at: number }

/** Of a string with its quotes: `"` and `'` know the escapes of Go, a backquoted string has none. */
export function unquote(literal: string): Unquoted {
  const quote = literal[0]!
  const body = literal.slice(1, -1)
  if (quote === '`' || !body.includes('\\')) return { value: body }
  const pieces: Buffer[] = []
  let from = 0
  for (let at = body.indexOf('\\'); at !== -1; at = body.indexOf('\\', from)) {
    pieces.push(Buffer.from(body.slice(from, at)))
    const sequence = escapeAt(body, at + 1, quote)
    if (sequence === undefined) return { problem: unknownEscape(body, at), at: at + 1 }
    pieces.push(sequence.bytes)
    from = sequence.end
  }
  pieces.push(Buffer.from(body.slice(from)))
  return { value: Buffer.concat(pieces).toString('utf8') }
}

/** As Go's `strconv.Quote` writes it, which Prometheus uses. */
export function quote(value: string): string {
  let text = '"'
  for (const char of value) text += quotedChar(char)
  return text + '"'
}

function escapeAt(body: string, at: number, quote: string): { bytes: Buffer; end: number } | undefined {
  const letter = body[at] ?? ''
  if (letter === quote) return { bytes: Buffer.from(quote), end: at + 1 }
  const short = ESCAPES.get(letter)
  if (short !== undefined) return { bytes: Buffer.from([short]), end: at + 1 }
  NUMERIC.lastIndex = at
  const numeric = NUMERIC.exec(body)
  if (numeric === null) return undefined
  const [all, hex, short4, long8, octal] = numeric
  const end = at + all.length
  if (hex !== undefined) return { bytes: Buffer.from(hex, 'hex'), end }
  if (octal !== undefined) {
    const byte = Number.parseInt(octal, 8)
    return byte > 0xff ? undefined : { bytes: Buffer.from([byte]), end }
  }
  const point = Number.parseInt((short4 ?? long8)!, 16)
  if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined
  return { bytes: Buffer.from(String.fromCodePoint(point)), end }
}

function unknownEscape(body: string, at: number): string {
  const seen = /^\\(?:x.{0,2}|u.{0,4}|U.{0,8}|\d.{0,2}|.)/su.exec(body.slice(at, at + 12))?.[0] ?? '\\'
  return `unknown escape sequence ${seen}; write a backslash as \\\\, or quote the string by backquotes`
}

function quotedChar(char: string): string {
  if (char === '"') return '\\"'
  const short = SHORT_ESCAPES.get(char)
  if (short !== undefined) return `\\${short}`
  if (PRINTABLE.test(char)) return char
  const point = char.codePointAt(0)!
  if (point < 0x20 || point === 0x7f) return `\\x${point.toString(16).padStart(2, '0')}`
  if (point >= 0xd800 && point < 0xe000) return '\\ufffd'
  return point > 0xffff ? `\\U${point.toString(16).padStart(8, '0')}` : `\\u${point.toString(16).padStart(4, '0')}`
}
