import { BadInputError } from '../../errors.ts'
import type { ExpositionHandler } from './handler.ts'
import { seriesEnd } from './series-text.ts'

const SPACE = 32
const TAB = 9
const HASH = 35
const MS_PER_SECOND = 1000
const SHOWN_CHARS = 80

export type TextFormat = 'text' | 'openmetrics'

/**
 * Reads text 0.0.4 or OpenMetrics 1.0, line by line. Exemplars are passed over. Throws {@link BadInputError} with the line's
 * number for the first line that is neither a sample nor a comment, and if OpenMetrics does not end with `# EOF`.
 */
export function parseText(text: string, format: TextFormat, handler: ExpositionHandler): void {
  const parser = new TextParser(text, format, handler)
  let isEnded = false
  for (let start = 0; start < text.length && !isEnded; ) {
    const found = text.indexOf('\n', start)
    const end = found < 0 ? text.length : found
    isEnded = parser.line(start, end)
    start = end + 1
  }
  if (format === 'openmetrics' && !isEnded) throw new BadInputError('the exposition is cut off: it has no "# EOF"')
}

class TextParser {
  readonly #text: string
  readonly #isOpenMetrics: boolean
  readonly #handler: ExpositionHandler
  #lines = 0

  constructor(text: string, format: TextFormat, handler: ExpositionHandler) {
    this.#text = text
    this.#isOpenMetrics = format === 'openmetrics'
    this.#handler = handler
  }

  /** True for the line that ends OpenMetrics. */
  line(start: number, end: number): boolean {
    this.#lines++
    const from = this.#skipBlanks(start, end)
    if (from === end) return false
    if (this.#text.charCodeAt(from) === HASH) return this.#comment(this.#text.slice(from, end))
    this.#sample(from, end)
    return false
  }

  #comment(line: string): boolean {
    if (this.#isOpenMetrics && line.trimEnd() === '# EOF') return true
    const match = /^#[ \t]+(TYPE|HELP)[ \t]+("(?:[^"\\]|\\.)*"|[^ \t]+)[ \t]*(.*)$/.exec(line)
    if (match === null) return false
    const [, keyword, quoted, rest] = match
    const family = quoted.startsWith('"') ? quoted.slice(1, -1) : quoted
    if (keyword === 'TYPE') this.#handler.describe(family, rest.trim(), '')
    else this.#handler.describe(family, '', rest)
    return false
  }

  #sample(start: number, end: number): void {
    const text = this.#text
    const stop = seriesEnd(text, start, end)
    if (stop < 0) throw this.#bad(start, end)
    const valueStart = this.#skipBlanks(stop, end)
    const valueEnd = this.#nextBlank(valueStart, end)
    const value = parseNumber(text.slice(valueStart, valueEnd))
    const time = this.#time(valueEnd, end)
    if (value === undefined || time === undefined) throw this.#bad(start, end)
    this.#handler.sample(text.slice(start, stop), value, time)
  }

  /** NaN without a timestamp; undefined if there is something else. */
  #time(start: number, end: number): number | undefined {
    const from = this.#skipBlanks(start, end)
    if (from === end || (this.#isOpenMetrics && this.#text.charCodeAt(from) === HASH)) return Number.NaN
    const to = this.#nextBlank(from, end)
    const time = parseNumber(this.#text.slice(from, to))
    const rest = this.#skipBlanks(to, end)
    const isExemplar = this.#isOpenMetrics && this.#text.charCodeAt(rest) === HASH
    if ((rest < end && !isExemplar) || time === undefined || !Number.isFinite(time)) return undefined
    return this.#isOpenMetrics ? time * MS_PER_SECOND : time
  }

  #skipBlanks(start: number, end: number): number {
    let at = start
    while (at < end && isBlank(this.#text.charCodeAt(at))) at++
    return at
  }

  #nextBlank(start: number, end: number): number {
    let at = start
    while (at < end && !isBlank(this.#text.charCodeAt(at))) at++
    return at
  }

  #bad(start: number, end: number): BadInputError {
    const shown = JSON.stringify(this.#text.slice(start, Math.min(end, start + SHOWN_CHARS)))
    return new BadInputError(`line ${this.#lines} is no sample: ${shown}`)
  }
}

/** Carriage returns are blanks: some targets end lines with them. */
const isBlank = (code: number) => code === SPACE || code === TAB || code === 13

/** Numbers as Go reads them, but for hexadecimal ones. Undefined for other text. */
function parseNumber(text: string): number | undefined {
  const first = text.charCodeAt(text.length - 1)
  // Most are decimal digits.
  if (first >= 48 && first <= 57) return DECIMAL.test(text) ? Number(text) : undefined
  switch (text.toLowerCase()) {
    case 'nan':
      return Number.NaN
    case '+inf':
    case 'inf':
    case '+infinity':
    case 'infinity':
      return Number.POSITIVE_INFINITY
    case '-inf':
    case '-infinity':
      return Number.NEGATIVE_INFINITY
    default:
      return DECIMAL.test(text) ? Number(text) : undefined
  }
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
