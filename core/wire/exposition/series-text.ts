import { BadInputError } from '../../errors.ts'
import type { Label } from '../prometheus/labels.ts'

const QUOTE = 34
const BACKSLASH = 92
const OPEN = 123
const CLOSE = 125
const EQUALS = 61
const COMMA = 44

/**
 * The end of the series that begins at `start`: behind its name, or its closing brace. -1 if there is none before `end`.
 */
export function seriesEnd(text: string, start: number, end: number): number {
  let at = start
  while (at < end && text.charCodeAt(at) > 32 && text.charCodeAt(at) !== OPEN) at++
  const nameEnd = at
  while (at < end && text.charCodeAt(at) <= 32) at++
  if (text.charCodeAt(at) !== OPEN || at >= end) return nameEnd > start ? nameEnd : -1
  let isQuoted = false
  for (at++; at < end; at++) {
    const code = text.charCodeAt(at)
    if (isQuoted && code === BACKSLASH) at++
    else if (code === QUOTE) isQuoted = !isQuoted
    else if (code === CLOSE && !isQuoted) return at + 1
  }
  return -1
}

/**
 * Name and labels of a series as the text formats have it, with `__name__`: `a{b="c"}`, or `{"a",b="c"}` for names that are
 * not of letters, digits, underscores and colons. Throws {@link BadInputError}.
 */
export function parseSeries(text: string): Label[] {
  return new SeriesParser(text).parse()
}

/** The reverse of {@link parseSeries}, for formats that are not text. */
export function seriesText(name: string, labels: readonly Label[]): string {
  const pairs = labels.map(([key, value]) => `${nameText(key)}=${quoted(value)}`)
  if (PLAIN_NAME.test(name)) return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
  return `{${[quoted(name), ...pairs].join(',')}}`
}

const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const PLAIN_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const nameText = (name: string) => (PLAIN_LABEL.test(name) ? name : quoted(name))
const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`

class SeriesParser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  parse(): Label[] {
    const labels: Label[] = []
    const name = this.#word()
    if (name !== '') {
      if (!PLAIN_NAME.test(name)) throw this.#bad()
      labels.push(['__name__', name])
    }
    if (this.#at === this.#text.length) return labels
    this.#expect(OPEN)
    while (this.#peek() !== CLOSE) {
      labels.push(this.#label())
      if (this.#peek() !== COMMA) break
      this.#at++
    }
    this.#expect(CLOSE)
    if (this.#at !== this.#text.length) throw this.#bad()
    return labels
  }

  /** One label; a quoted text alone is the name. */
  #label(): Label {
    const isQuoted = this.#peek() === QUOTE
    const key = isQuoted ? this.#quotedText() : this.#word()
    if (isQuoted && this.#peek() !== EQUALS) return ['__name__', key]
    if (!isQuoted && !PLAIN_LABEL.test(key)) throw this.#bad()
    this.#expect(EQUALS)
    if (this.#peek() !== QUOTE) throw this.#bad()
    return [key, this.#quotedText()]
  }

  #word(): string {
    this.#skipBlanks()
    const start = this.#at
    while (this.#at < this.#text.length && !ENDS_WORD.has(this.#text.charCodeAt(this.#at))) this.#at++
    const word = this.#text.slice(start, this.#at)
    this.#skipBlanks()
    return word
  }

  #quotedText(): string {
    const text = this.#text
    const start = ++this.#at
    let isEscaped = false
    while (this.#at < text.length && text.charCodeAt(this.#at) !== QUOTE) {
      if (text.charCodeAt(this.#at) === BACKSLASH) {
        isEscaped = true
        this.#at++
      }
      this.#at++
    }
    if (this.#at >= text.length) throw this.#bad()
    const content = text.slice(start, this.#at++)
    return isEscaped ? content.replace(/\\([\\"n])/g, (_, code) => (code === 'n' ? '\n' : code)) : content
  }

  #peek(): number {
    this.#skipBlanks()
    return this.#text.charCodeAt(this.#at)
  }

  #expect(code: number): void {
    if (this.#peek() !== code) throw this.#bad()
    this.#at++
  }

  #skipBlanks(): void {
    while (this.#text.charCodeAt(this.#at) <= 32) this.#at++
  }

  #bad(): BadInputError {
    return new BadInputError(
      `${JSON.stringify(this.#text.slice(0, 80))} is no series: its labels do not parse at ${this.#at}`
    )
  }
}

const ENDS_WORD: ReadonlySet<number> = new Set([32, 9, OPEN, CLOSE, EQUALS, COMMA, QUOTE])
