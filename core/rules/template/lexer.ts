export type TokenKind =
  | 'text'
  | 'leftDelim'
  | 'rightDelim'
  | 'space'
  | 'pipe'
  | 'leftParen'
  | 'rightParen'
  | 'comma'
  | 'declare'
  | 'assign'
  | 'dot'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'keyword'
  | 'bool'
  | 'number'
  | 'char'
  | 'string'
  | 'rawString'
  | 'eof'
  /** Its text is the problem. It is the last token. */
  | 'error'

export interface Token {
  readonly kind: TokenKind
  /** In UTF-16 units of the template. */
  readonly at: number
  readonly text: string
}

const KEYWORDS: ReadonlySet<string> = new Set(
  'block break continue define else end if range nil template with'.split(' ')
)
const BOOLS: ReadonlySet<string> = new Set(['true', 'false'])

const LEFT = '{{'
const LEFT_TRIM = /-(?=[ \t\r\n])/y
/** The minus and the white space after it. */
const TRIM_LENGTH = 2
const COMMENT = /\/\*/y
const RIGHT = /(?:[ \t\r\n](-))?\}\}/y
/** The last space before a trim marker belongs to the closing delimiter. */
const SPACE = /(?:[ \t\r\n](?!-\}\}))+/y
const NUMBER =
  /[+-]?(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?[\d_]+)?)/y
const AFTER_NUMBER = /[\p{L}\p{Nd}_.]/uy
/** What may come after a name. */
const TERMINATOR = /[ \t\r\n.,|:()]|\}\}|$/y

/** Tokens of an action, by the first that matches. Names must end at a {@link TERMINATOR}. */
const TOKENS: readonly (readonly [kind: TokenKind, pattern: RegExp])[] = [
  ['space', SPACE],
  ['declare', /:=/y],
  ['assign', /=/y],
  ['pipe', /\|/y],
  ['comma', /,/y],
  ['leftParen', /\(/y],
  ['rightParen', /\)/y],
  ['string', /"(?:[^"\\\n]|\\[^\n])*"/y],
  ['rawString', /`[^`]*`/y],
  ['char', /'(?:[^'\\\n]|\\[^\n])+'/y],
  ['number', NUMBER],
  ['field', /\.[\p{L}\p{Nd}_]+/uy],
  ['dot', /\./y],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['identifier', /[\p{L}_][\p{L}\p{Nd}_]*/uy]
]
const NAMES: ReadonlySet<TokenKind> = new Set(['dot', 'field', 'variable', 'identifier'])
const UNTERMINATED = new Map([
  ['"', 'the string has no closing quote " on its line'],
  ['`', 'the string has no closing quote `'],
  ["'", "the character has no closing quote '"]
])

/** Tokens of a template: texts, and actions between `{{` and `}}`. Comments are left out. */
export function tokensOf(template: string): Token[] {
  const lexer = new Lexer(template)
  lexer.run()
  return lexer.tokens
}

class Lexer {
  readonly tokens: Token[] = []
  readonly #input: string
  #at = 0
  /** The closing delimiter before trims the white space at the start of the next text. */
  #trimsStart = false

  constructor(input: string) {
    this.#input = input
  }

  run(): void {
    while (this.#text()) if (!this.#action()) return
    this.#push('eof', '')
  }

  /** False at the end of the template. */
  #text(): boolean {
    const start = this.#at
    const open = this.#input.indexOf(LEFT, start)
    const end = open < 0 ? this.#input.length : open
    const trimsEnd = open >= 0 && this.#matches(LEFT_TRIM, open + LEFT.length) !== undefined
    let text = this.#input.slice(start, end)
    if (this.#trimsStart) text = text.replace(/^[ \t\r\n]+/, '')
    if (trimsEnd) text = withoutEndSpace(text)
    if (text !== '') this.#push('text', text)
    this.#at = open < 0 ? end : end + LEFT.length + (trimsEnd ? TRIM_LENGTH : 0)
    return open >= 0
  }

  /** False if the rest cannot be read. */
  #action(): boolean {
    if (this.#matches(COMMENT, this.#at) !== undefined) return this.#comment()
    this.tokens.push({ kind: 'leftDelim', at: this.#at, text: LEFT })
    for (;;) {
      const right = this.#matches(RIGHT, this.#at)
      if (right !== undefined) {
        this.#take('rightDelim', right)
        this.#trimsStart = right.length > 2
        return true
      }
      const problem = this.#at === this.#input.length ? 'the action has no closing }}' : this.#token()
      if (problem !== undefined) {
        this.#push('error', problem)
        return false
      }
    }
  }

  #comment(): boolean {
    const end = this.#input.indexOf('*/', this.#at + 2)
    const right = end < 0 ? undefined : this.#matches(RIGHT, end + 2)
    if (right === undefined) {
      this.#push('error', end < 0 ? 'the comment has no closing */' : 'the comment must end right before }}')
      return false
    }
    this.#trimsStart = right.length > 2
    this.#at = end + 2 + right.length
    return true
  }

  /** Takes one token of an action. The problem if there is none. */
  #token(): string | undefined {
    for (const [kind, pattern] of TOKENS) {
      const text = this.#matches(pattern, this.#at)
      if (text === undefined) continue
      const end = this.#at + text.length
      const isBadName = NAMES.has(kind) && this.#matches(TERMINATOR, end) === undefined
      if (isBadName) return `${this.#shown(end)} cannot follow ${text}`
      if (kind === 'number' && this.#matches(AFTER_NUMBER, end) !== undefined)
        return `"${text}${this.#input[end]}" is no number`
      this.#take(kind === 'identifier' ? kindOfWord(text) : kind, text)
      return undefined
    }
    const char = this.#input[this.#at]!
    return UNTERMINATED.get(char) ?? `${this.#shown(this.#at)} has no meaning in an action`
  }

  #shown(at: number): string {
    return JSON.stringify(String.fromCodePoint(this.#input.codePointAt(at)!))
  }

  #matches(pattern: RegExp, at: number): string | undefined {
    pattern.lastIndex = at
    return pattern.exec(this.#input)?.[0]
  }

  #take(kind: TokenKind, text: string): void {
    this.#push(kind, text)
    this.#at += text.length
  }

  #push(kind: TokenKind, text: string): void {
    this.tokens.push({ kind, at: this.#at, text })
  }
}

function kindOfWord(word: string): TokenKind {
  if (KEYWORDS.has(word)) return 'keyword'
  return BOOLS.has(word) ? 'bool' : 'identifier'
}

/** By hand: a regular expression of white space at the end takes quadratic time. */
function withoutEndSpace(text: string): string {
  let end = text.length
  while (end > 0 && ' \t\r\n'.includes(text[end - 1]!)) end--
  return text.slice(0, end)
}
