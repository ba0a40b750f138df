// Values in place of variables. The page, the check of files and the files for Grafana all do it here.
import type { Variable } from './dashboard.ts'

/** Values by the names of variables. A list has those that are chosen of several; an empty one stands for all. */
export type VariableValues = ReadonlyMap<string, string | readonly string[]>

/** `$name` and `${name}`. */
const REFERENCE = /\$(?:(\w+)|\{(\w+)\})/g
/** A variable, a comment, or the begin of a text in quotes. */
const PART = /\$(?:(\w+)|\{(\w+)\})|#.*|["'`]/g
const SPECIAL_IN_REGEX = /[\\^$.?*+()[\]{}|]/g
/** Grafana's shortest range for rates is that of four scrapes, which it takes to be 15 s apart. */
const SCRAPE_S = 15
const SCRAPES_A_RATE = 4
/** As Grafana does it: any value that the label has. PromQL refuses `.*` where it is the only condition. */
const ALL = '.+'

/** A text refers to a variable that there is not. */
export class UnknownVariable extends Error {
  readonly variable: string

  constructor(name: string, values: VariableValues) {
    super(`there is no variable $${name}: known here are ${[...values.keys()].map(known => `$${known}`).join(', ')}`)
    this.variable = name
  }
}

/**
 * The variables that every dashboard has, with Grafana's names.
 * @param step distance of two points of a chart, s
 * @param range s
 */
export function timeVariables(step: number, range: number): VariableValues {
  const rate = Math.max(step + SCRAPE_S, SCRAPES_A_RATE * SCRAPE_S)
  return new Map([
    ['__interval', `${Math.ceil(step)}s`],
    ['__rate_interval', `${Math.ceil(rate)}s`],
    ['__range', `${Math.ceil(range)}s`]
  ])
}

/** PromQL, or a selector, with values in it. Inside of quotes they are escaped. Throws {@link UnknownVariable}. */
export function fillInPromql(text: string, values: VariableValues): string {
  let filled = ''
  let at = 0
  for (;;) {
    PART.lastIndex = at
    const part = PART.exec(text)
    if (part === null) return filled + text.slice(at)
    const [whole, plain, braced] = part
    const name = plain ?? braced
    filled += text.slice(at, part.index)
    at = part.index + whole.length
    if (name !== undefined) filled += textFor(name, values)
    else if (whole.startsWith('#')) filled += whole
    else {
      const end = endOfQuotes(text, at, whole)
      filled += text[end] === whole ? quoted(text.slice(at, end), whole, values) : text.slice(part.index)
      at = end + 1
    }
  }
}

/** Any other text with values in it. Throws {@link UnknownVariable}. @param change as they are, if it is not given */
export function fillIn(text: string, values: VariableValues, change = (value: string) => value): string {
  return text.replace(REFERENCE, (_, plain, braced) => change(textFor(plain ?? braced, values)))
}

export const isMultiple = (variable: Variable): boolean => 'multiple' in variable && variable.multiple === true

function textFor(name: string, values: VariableValues): string {
  const value = values.get(name)
  if (value === undefined) throw new UnknownVariable(name, values)
  if (typeof value === 'string') return value
  if (value.length === 0) return ALL
  const patterns = value.map(one => one.replace(SPECIAL_IN_REGEX, '\\$&'))
  return patterns.length === 1 ? patterns[0] : `(${patterns.join('|')})`
}

/** A text in quotes, with values in it. */
function quoted(inside: string, quote: string, values: VariableValues): string {
  if (quote !== '`') return quote + fillIn(inside, values, value => escaped(value, quote)) + quote
  // Between backticks nothing can be escaped.
  const filled = fillIn(inside, values)
  return filled.includes(quote) ? `"${escaped(filled, '"')}"` : quote + filled + quote
}

/** The place of the quote that ends a text, or the end of all. */
function endOfQuotes(text: string, from: number, quote: string): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === quote) return i
    // Between backticks a backslash is one like any other character.
    if (text[i] === '\\' && quote !== '`') i++
  }
  return text.length
}

function escaped(value: string, quote: string): string {
  return value.replace(/["'\\\n]/g, special => {
    if (special === '\n') return '\\n'
    return special === '\\' || special === quote ? `\\${special}` : special
  })
}
