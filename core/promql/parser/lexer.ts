import type { Span } from '../span.ts'
import { excerpt, parseError } from './parse-error.ts'

export type TokenKind = 'identifier' | 'string' | 'number' | 'duration' | 'symbol' | 'end'

export interface Token extends Span {
  readonly kind: TokenKind
  /** As written, with the quotes of a string. Empty at the end. */
  readonly text: string
}

const BLANK = /[ \t\r\n]+|#[^\n]*/y
const DURATION = /(?:\d+(?:ms|[smhdwy]))+/y
const NUMBER =
  /0[xX]_?[\da-fA-F]+(?:_[\da-fA-F]+)*|(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?/y
const NUMBER_START = /^\.?\d/
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/y
/** Metric names of recording rules have colons. In braces and brackets they would be something else. */
const METRIC_IDENTIFIER = /[A-Za-z_:][A-Za-z0-9_:]*/y
const SYMBOL = /==|=~|!=|!~|<=|<\/|>=|>\/|[-+*/%^<>=(){}[\],@]/y
/** No number is followed by these. */
const GLUED = /[A-Za-z0-9_.]+/y

/** Tokens of a query. Blanks and comments lie between them. */
export class Lexer {
  readonly text: string
  #at = 0
  /** Colons part range and step of a subquery. */
  #inBrackets = false
  #inBraces = false

  constructor(text: string) {
    this.text = text
  }

  /** Throws a `QueryError` if no token begins here. At the end it returns one of kind `end` each time. */
  next(): Token {
    while (this.#match(BLANK) !== undefined);
    const from = this.#at
    if (from === this.text.length) return { kind: 'end', text: '', from, to: from }
    const kind = this.#scan(this.text[from]!)
    return { kind, text: this.text.slice(from, this.#at), from, to: this.#at }
  }

  /** Whether the next token begins with this character. */
  follows(char: string): boolean {
    while (this.#match(BLANK) !== undefined);
    return this.text[this.#at] === char
  }

  #scan(first: string): TokenKind {
    if (first === '"' || first === "'" || first === '`') return this.#string(first)
    if (this.#inBrackets && first === ':') {
      this.#at++
      return 'symbol'
    }
    if (this.#match(this.#inBraces || this.#inBrackets ? IDENTIFIER : METRIC_IDENTIFIER) !== undefined)
      return 'identifier'
    if (!this.#inBraces && NUMBER_START.test(this.text.slice(this.#at, this.#at + 2))) return this.#number()
    const symbol = this.#match(SYMBOL)
    if (symbol === undefined) throw this.#unknown(first)
    this.#nest(symbol)
    return 'symbol'
  }

  #nest(symbol: string): void {
    if (symbol === '{') this.#inBraces = true
    if (symbol === '}') this.#inBraces = false
    if (symbol === '[') this.#inBrackets = true
    if (symbol === ']') this.#inBrackets = false
  }

  #number(): TokenKind {
    const from = this.#at
    const kind =
      this.#match(DURATION) === undefined || /[.eE_\d]/.test(this.text[this.#at] ?? '') ? 'number' : 'duration'
    if (kind === 'number') {
      this.#at = from
      this.#match(NUMBER)
    }
    if (this.#match(GLUED) === undefined) return kind
    const hint = 'numbers are like 12, 1.5e3, 0x1f and 1_000, durations like 1h30m and 500ms'
    throw this.#error(from, `bad number or duration "${excerpt(this.text.slice(from, this.#at))}"; ${hint}`)
  }

  #string(quote: string): TokenKind {
    const from = this.#at
    for (let i = from + 1; i < this.text.length; i++) {
      const char = this.text[i]
      if (char === quote) {
        this.#at = i + 1
        return 'string'
      }
      if (quote === '`') continue
      if (char === '\n') break
      if (char === '\\') i++
    }
    const hint =
      quote === '`' ? 'end it by a "`"' : `end it by a ${quote} on the same line, or write line breaks as \\n`
    throw this.#error(from, `unterminated string; ${hint}`)
  }

  #unknown(char: string): Error {
    const point = String.fromCodePoint(this.text.codePointAt(this.#at)!)
    if ('“”„‘’'.includes(char)) return this.#error(this.#at, `unexpected ${point}; strings stand in ", ' or \``)
    if (char === '$')
      return this.#error(this.#at, `unexpected "$"; a dashboard's variable was not replaced, or is not defined`)
    if (char === '&' || char === '|')
      return this.#error(this.#at, `unexpected "${char}"; the operators are named "and", "or" and "unless"`)
    return this.#error(this.#at, `unexpected character ${JSON.stringify(point)}`)
  }

  #error(from: number, problem: string): Error {
    return parseError(this.text, { from, to: Math.max(from + 1, this.#at) }, problem)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.text)?.[0]
    if (found === undefined) return undefined
    this.#at += found.length
    return found
  }
}
