import type { DurationNode, Expr } from '../ast.ts'
import type { Span } from '../span.ts'
import { Lexer, type Token } from './lexer.ts'
import { excerpt, parseError } from './parse-error.ts'
import { unquote } from './strings.ts'

/** Parentheses, calls and signs inside of each other. The parser takes 1.5 kB of stack for each, and has a megabyte. */
const MOST_NESTED = 200
/** Levels of the syntax tree, of which a chain of operators has one each. Printers and engine call themselves for each. */
const HIGHEST_TREE = 500

/** The parser's place in a query: the next token, and how deep the expressions are. */
export class Cursor {
  readonly text: string
  /** Whether to accept what Prometheus has behind feature flags. */
  readonly experimental: boolean
  /** The next one. */
  token: Token
  /** Where the last token that was taken ends. */
  end = 0
  #lexer: Lexer
  #nested = 0
  #heights = new WeakMap<Expr | DurationNode, number>()

  constructor(text: string, experimental: boolean) {
    this.text = text
    this.experimental = experimental
    this.#lexer = new Lexer(text)
    this.token = this.#lexer.next()
  }

  /** The next token, which is passed. */
  take(): Token {
    const { token } = this
    this.end = token.to
    this.token = this.#lexer.next()
    return token
  }

  /** Whether the next token is this symbol. */
  at(symbol: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === symbol
  }

  /** Passes the symbol if it is next. */
  accept(symbol: string): boolean {
    if (!this.at(symbol)) return false
    this.take()
    return true
  }

  expect(symbol: string, context: string, expected = `"${symbol}"`): void {
    if (!this.accept(symbol)) throw this.unexpected(context, expected)
  }

  /** The next token in small letters if it is a word: keywords are known in any case. */
  word(): string | undefined {
    return this.token.kind === 'identifier' ? this.token.text.toLowerCase() : undefined
  }

  /** Whether the next token is followed by one that begins with this character. */
  followedBy(char: string): boolean {
    return this.#lexer.follows(char)
  }

  /** Value of the string that is next. */
  takeString(): string {
    const token = this.take()
    const unquoted = unquote(token.text)
    if ('value' in unquoted) return unquoted.value
    const from = token.from + 1 + unquoted.at
    throw this.error({ from, to: from + 1 }, unquoted.problem)
  }

  unexpected(context: string, expected: string): Error {
    const { kind, text } = this.token
    const seen = kind === 'end' ? 'end of input' : kind === 'symbol' ? `"${text}"` : `${kind} ${excerpt(text)}`
    return this.error(this.token, `unexpected ${seen} in ${context}, expected ${expected}`)
  }

  error(span: Span, problem: string): Error {
    return parseError(this.text, span, problem)
  }

  /** What `read` reads, one level deeper. */
  nested<T>(read: () => T): T {
    if (++this.#nested > MOST_NESTED) throw this.#tooDeep(this.token, MOST_NESTED)
    const result = read()
    this.#nested--
    return result
  }

  /** Registers a node with its children: chains of operators are deep too, without nesting in the text. */
  node<T extends Expr | DurationNode>(node: T, ...children: readonly (Expr | DurationNode | undefined)[]): T {
    const height =
      1 + Math.max(0, ...children.map(child => (child === undefined ? 0 : (this.#heights.get(child) ?? 0))))
    if (height > HIGHEST_TREE) throw this.#tooDeep(node.span, HIGHEST_TREE)
    this.#heights.set(node, height)
    return node
  }

  #tooDeep(span: Span, levels: number): Error {
    const hint = 'split the query, or match the series of many "or" by a regular expression'
    return this.error(span, `the expression is nested more than ${levels} levels deep; ${hint}`)
  }
}
