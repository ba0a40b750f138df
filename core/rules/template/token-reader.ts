import type { Token, TokenKind } from './lexer.ts'
import { TemplateSyntaxError } from './template-error.ts'

/** Tokens of a template, one after the other. */
export class TokenReader {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  /** The next one. A {@link TemplateSyntaxError} if the text cannot be read from there on. */
  get token(): Token {
    const token = this.#tokens[this.#at]!
    if (token.kind === 'error') throw new TemplateSyntaxError(token.at, token.text)
    return token
  }

  /** The next one that is no space. */
  get afterSpace(): Token {
    while (this.token.kind === 'space') this.#at++
    return this.token
  }

  /** Takes the next token; the end stays. */
  take(): Token {
    const { token } = this
    if (token.kind !== 'eof') this.#at++
    return token
  }

  /** Takes the next token that is no space if it is of this kind. */
  takeIf(kind: TokenKind, text?: string): Token | undefined {
    const token = this.afterSpace
    return token.kind === kind && (text === undefined || token.text === text) ? this.take() : undefined
  }

  /** @param what it is for, for the message */
  expect(kind: TokenKind, what: string): Token {
    return this.takeIf(kind) ?? this.unexpected(what)
  }

  /** Where the reader stands, for {@link back}. */
  get mark(): number {
    return this.#at
  }

  back(mark: number): void {
    this.#at = mark
  }

  unexpected(what: string): never {
    const { kind, text, at } = this.token
    const seen = kind === 'eof' ? 'the end of the template' : kind === 'rightDelim' ? '}}' : JSON.stringify(text)
    throw new TemplateSyntaxError(at, `${seen} is not expected in ${what}`)
  }
}
