import { NoTwin } from '../no-twin.ts'
/** An expression of the OpenTelemetry Transformation Language, as far as it is read here. */
export type Expr =
  | { readonly type: 'path'; readonly path: string; readonly key: string | undefined }
  | { readonly type: 'value'; readonly value: string | number | boolean | null }
  | { readonly type: 'enum'; readonly name: string }
  | { readonly type: 'list'; readonly items: readonly Expr[] }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Expr[] }
  | { readonly type: 'compare'; readonly op: string; readonly left: Expr; readonly right: Expr }
  | { readonly type: 'and' | 'or'; readonly left: Expr; readonly right: Expr }
  | { readonly type: 'not'; readonly inner: Expr }

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(==|!=|<=|>=|[<>()[\],]))/y
const WORDS: Readonly<Record<string, boolean | null>> = { true: true, false: false, nil: null }

/** @throws NoTwin if it cannot be read */
export function parseCondition(text: string): Expr {
  const parser = new Parser(text)
  const expr = parser.or()
  parser.end()
  return expr
}

/** A statement: a call, and its condition. @throws NoTwin if it cannot be read */
export function parseStatement(text: string): { call: Expr & { type: 'call' }; where: Expr | undefined } {
  const parser = new Parser(text)
  const call = parser.primary()
  if (call.type !== 'call') throw new NoTwin('it is no call of a function')
  const where = parser.accept('where') ? parser.or() : undefined
  parser.end()
  return { call, where }
}

/** Brackets in brackets. */
const MOST_DEEP = 50

class Parser {
  readonly #tokens: string[] = []
  #at = 0
  #depth = 0

  constructor(text: string) {
    const trimmed = text.trimEnd()
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < trimmed.length; ) {
      const from = TOKEN.lastIndex
      const found = TOKEN.exec(trimmed)
      if (found === null) throw new NoTwin(`it is not known here what ${trimmed.slice(from).trim().slice(0, 20)} means`)
      this.#tokens.push(found[0].trimStart())
    }
  }

  or(): Expr {
    if (++this.#depth > MOST_DEEP) throw new NoTwin('it is nested too deep')
    let left = this.#and()
    while (this.accept('or')) left = { type: 'or', left, right: this.#and() }
    this.#depth--
    return left
  }

  #and(): Expr {
    let left = this.#not()
    while (this.accept('and')) left = { type: 'and', left, right: this.#not() }
    return left
  }

  #not(): Expr {
    if (this.accept('not')) {
      if (this.#tokens[this.#at] === 'not') throw new NoTwin('not not')
      return { type: 'not', inner: this.#not() }
    }
    if (this.accept('(')) {
      const inner = this.or()
      this.#expect(')')
      return inner
    }
    const left = this.primary()
    const op = this.#tokens[this.#at]
    if (!/^([=!<>]=|[<>])$/.test(op ?? '')) return left
    this.#at++
    return { type: 'compare', op, left, right: this.primary() }
  }

  primary(): Expr {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new NoTwin('it ends too early')
    if (token.startsWith('"')) return { type: 'value', value: textOf(token) }
    if (/^-?\d/.test(token)) return { type: 'value', value: Number(token) }
    if (token === '[') return { type: 'list', items: this.#items(']') }
    if (!/^[A-Za-z_]/.test(token)) throw new NoTwin(`${token} is not expected`)
    if (Object.hasOwn(WORDS, token)) return { type: 'value', value: WORDS[token] }
    if (this.accept('(')) return { type: 'call', name: token, args: this.#items(')') }
    if (/^[A-Z][A-Z_\d]+$/.test(token)) return { type: 'enum', name: token }
    const key = this.accept('[') ? textOf(this.#tokens[this.#at++] ?? '') : undefined
    if (key !== undefined) this.#expect(']')
    return { type: 'path', path: token, key }
  }

  accept(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false
    this.#at++
    return true
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw new NoTwin(`${this.#tokens[this.#at]} is not expected`)
  }

  #items(end: string): Expr[] {
    const items: Expr[] = []
    while (!this.accept(end)) {
      items.push(this.or())
      if (!this.accept(',') && this.#tokens[this.#at] !== end) throw new NoTwin(`a comma or ${end} is expected`)
    }
    return items
  }

  #expect(token: string): void {
    if (!this.accept(token)) throw new NoTwin(`${token} is expected`)
  }
}

function textOf(token: string): string {
  if (!token.startsWith('"')) throw new NoTwin('a text in quotes is expected')
  return token
    .slice(1, -1)
    .replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char === 't' ? '\t' : char))
}
