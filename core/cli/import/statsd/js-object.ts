/** A part of the file that is not data, such as a call: nothing of it is run. */
export interface Unreadable {
  /** Keys from the top, such as `graphite.globalSuffix`. */
  readonly path: string
  readonly line: number
  readonly text: string
}

const WORDS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null, undefined }
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  0: '\0',
  '\n': ''
}
/** A configuration has three levels. */
const MOST_DEEP = 50
const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' }
const BLANK = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y
const STRING = /'((?:[^'\\\n]|\\[\s\S])*)'|"((?:[^"\\\n]|\\[\s\S])*)"|`((?:[^`\\$]|\\[\s\S])*)`/y
const NUMBER = /[-+]?(?:0x[\da-f]+|0o[0-7]+|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?:\s*\*\s*\d+(?:\.\d+)?)*/iy
const VARIABLE = /process\.env\.(\w+)(?:\s*(?:\|\||\?\?)\s*(?:'([^'\\\n]*)'|"([^"\\\n]*)"|(\d+)))?/y
const WORD = /[A-Za-z_$][\w$]*/y
/** The characters that may follow a value. */
const END = /\s*(?:[,}\])]|$)/y

/**
 * Reads an object literal of JavaScript, or JSON, as data: strings, numbers and products of them, lists, objects, and
 * variables of the environment, which become `${env:NAME}`. It runs nothing.
 * @throws Error with the line, if it is no such literal
 */
export function readJsObject(text: string): { value: unknown; unreadable: Unreadable[] } {
  const reader = new Reader(text)
  return { value: reader.file(), unreadable: reader.unreadable }
}

class Reader {
  readonly unreadable: Unreadable[] = []
  readonly #text: string
  #at = 0
  readonly #path: string[] = []

  constructor(text: string) {
    this.#text = text
  }

  file(): unknown {
    this.#blank()
    const start = /(?:(?:module\.)?exports\s*=\s*|config\s*=\s*|\(\s*)*/y
    this.#take(start)
    this.#blank()
    if (this.#text[this.#at] !== '{') throw this.#error('an object such as { port: 8125 } is expected')
    const value = this.#object()
    this.#blank()
    this.#take(/[);\s]*/y)
    this.#blank()
    if (this.#at < this.#text.length) throw this.#error('nothing may follow the object: code is not run')
    return value
  }

  #value(): unknown {
    const char = this.#text[this.#at]
    if (char === '{') return this.#object()
    if (char === '[') return this.#list()
    const start = this.#at
    const simple = this.#simple()
    this.#blank()
    if (simple !== undefined && this.#peek(END)) return simple.value
    this.#at = start
    return this.#skip()
  }

  #simple(): { value: unknown } | undefined {
    const string = this.#take(STRING)
    if (string !== undefined) return { value: escaped(unquoted(string[1] ?? string[2] ?? string[3])) }
    const number = this.#take(NUMBER)
    if (number !== undefined) return { value: product(number[0]) }
    const variable = this.#take(VARIABLE)
    if (variable !== undefined) {
      const [, name, ...defaults] = variable
      const value = defaults.find(text => text !== undefined)
      return { value: value === undefined ? `\${env:${name}}` : `\${env:${name}:-${value}}` }
    }
    const word = this.#take(WORD)?.[0]
    return word !== undefined && Object.hasOwn(WORDS, word) ? { value: WORDS[word] } : undefined
  }

  #object(): Record<string, unknown> {
    const entries: [string, unknown][] = []
    this.#items('}', () => {
      const key = this.#take(STRING)
      const name =
        key === undefined ? (this.#take(WORD) ?? this.#take(NUMBER))?.[0] : unquoted(key[1] ?? key[2] ?? key[3])
      if (name === undefined) throw this.#error('a key is expected')
      this.#blank()
      if (this.#text[this.#at] !== ':') throw this.#error(`a colon is expected after ${name}`)
      this.#at++
      this.#blank()
      entries.push([name, this.#within(name)])
    })
    return Object.fromEntries(entries)
  }

  #list(): unknown[] {
    const items: unknown[] = []
    this.#items(']', () => void items.push(this.#within(String(items.length))))
    return items
  }

  #items(end: string, read: () => void): void {
    this.#at++
    for (this.#blank(); this.#text[this.#at] !== end; this.#blank()) {
      read()
      this.#blank()
      if (this.#text[this.#at] === ',') this.#at++
      else if (this.#text[this.#at] !== end) throw this.#error(`a comma or ${end} is expected`)
    }
    this.#at++
  }

  #within(name: string): unknown {
    if (this.#path.push(name) > MOST_DEEP) throw this.#error(`values are nested more than ${MOST_DEEP} deep`)
    const value = this.#value()
    this.#path.pop()
    return value
  }

  /** An expression, up to the comma or bracket that ends it. */
  #skip(): undefined {
    const start = this.#at
    const open: string[] = []
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at]
      if (this.#take(STRING) !== undefined) this.#at--
      else if (CLOSING[char] !== undefined) open.push(CLOSING[char])
      else if (char === open.at(-1)) open.pop()
      else if (open.length === 0 && /[,}\]]/.test(char)) break
    }
    const text = this.#text.slice(start, this.#at).trim()
    if (text === '') throw this.#error('a value is expected')
    this.unreadable.push({ path: this.#path.join('.'), line: this.#line(start), text })
    return undefined
  }

  #blank(): void {
    this.#take(BLANK)
  }

  #peek(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    return pattern.test(this.#text)
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text) ?? undefined
    if (found !== undefined) this.#at += found[0].length
    return found
  }

  #line(at: number): number {
    return this.#text.slice(0, at).split('\n').length
  }

  #error(message: string): Error {
    return new Error(`line ${this.#line(this.#at)}: ${message}`)
  }
}

function unquoted(text: string): string {
  return text.replaceAll(/\\(?:u\{?([\da-fA-F]{1,6})\}?|x([\da-fA-F]{2})|([\s\S]))/g, (_, code, byte, char) =>
    char === undefined ? String.fromCodePoint(Number.parseInt(code ?? byte, 16)) : (ESCAPES[char] ?? char)
  )
}

/** `$` is a character there; two of them, or `${`, would be a reference here. */
const escaped = (text: string) => text.replaceAll(/\$(?=[${])/g, '$$$$')

const product = (text: string) => text.split('*').reduce((result, factor) => result * Number(factor), 1)
