import { BoundedText } from '../bounded-text.ts'
import { typeName, type Value } from '../values.ts'
import { type Directive, formatValue } from './directive.ts'
import { plainText, printValue } from './print-value.ts'

/** Go's bound of widths and precisions. */
const MOST = 1_000_000

/**
 * Go's `Sprintf`, with flags, widths, precisions, `*` and explicit indexes: https://pkg.go.dev/fmt. A mistake in the
 * format is shown in the text, as Go does: `%!d(string=x)`.
 */
export function printf(format: string, values: readonly Value[]): string {
  return new Printer(format, values).run()
}

class Printer {
  readonly #format: string
  readonly #values: readonly Value[]
  readonly #text = new BoundedText()
  #at = 0
  /** Index of the next value. */
  #next = 0
  /** Then values that are left over are no mistake. */
  #reordered = false
  #badIndex = false
  /** The last number was a `*`. */
  #isStarred = false

  constructor(format: string, values: readonly Value[]) {
    this.#format = format
    this.#values = values
  }

  run(): string {
    for (;;) {
      const percent = this.#format.indexOf('%', this.#at)
      if (percent < 0) break
      this.#text.append(this.#format.slice(this.#at, percent))
      this.#at = percent + 1
      this.#directive()
    }
    this.#text.append(this.#format.slice(this.#at))
    if (!this.#reordered && this.#next < this.#values.length) this.#extra()
    return this.#text.text
  }

  #directive(): void {
    this.#badIndex = false
    const flags = new Set<string>()
    while (this.#at < this.#format.length && '+-# 0'.includes(this.#format[this.#at]!))
      flags.add(this.#format[this.#at++]!)
    this.#index()
    const width = this.#number('%!(BADWIDTH)')
    if (width !== undefined && width < 0) flags.add('-')
    let precision: number | undefined
    if (this.#format[this.#at] === '.') {
      this.#at++
      this.#index()
      precision = this.#number('%!(BADPREC)') ?? (this.#isStarred ? undefined : 0)
      if (precision !== undefined && precision < 0) precision = undefined
    }
    this.#index()
    this.#verb({ flags, width: width === undefined ? undefined : Math.abs(width), precision })
  }

  /** The number that comes next, or the value that `*` takes. */
  #number(bad: string): number | undefined {
    this.#isStarred = this.#format[this.#at] === '*'
    if (this.#isStarred) {
      this.#at++
      const value = this.#values[this.#next++]
      if (typeof value === 'bigint' && value <= MOST && value >= -MOST) return Number(value)
      this.#text.append(bad)
      return undefined
    }
    const start = this.#at
    while (/[0-9]/.test(this.#format[this.#at] ?? '')) this.#at++
    const value = Number(this.#format.slice(start, this.#at))
    return start === this.#at || value > MOST ? undefined : value
  }

  /** Reads `[2]`. */
  #index(): void {
    if (this.#format[this.#at] !== '[') return
    this.#reordered = true
    const end = this.#format.indexOf(']', this.#at)
    const text = this.#format.slice(this.#at + 1, end < 0 ? this.#at + 1 : end)
    const index = /^\d{1,9}$/.test(text) ? Number(text) : 0
    this.#at = end < 0 ? this.#at + 1 : end + 1
    if (index >= 1 && index <= this.#values.length) this.#next = index - 1
    else this.#badIndex = true
  }

  #verb(settings: Omit<Directive, 'verb'>): void {
    const point = this.#format.codePointAt(this.#at)
    if (point === undefined) {
      this.#text.append('%!(NOVERB)')
      return
    }
    const verb = String.fromCodePoint(point)
    this.#at += verb.length
    if (verb === '%') this.#text.append('%')
    else if (this.#badIndex) this.#text.append(`%!${verb}(BADINDEX)`)
    else if (this.#next >= this.#values.length) this.#text.append(`%!${verb}(MISSING)`)
    else this.#value(this.#values[this.#next++], { ...settings, verb })
  }

  #value(value: Value, directive: Directive): void {
    if (directive.verb === 'T') this.#text.append(formatValue(typeName(value), { ...directive, verb: 's' }))
    else if (plainText(value) !== undefined) this.#text.append(formatValue(value, directive))
    else printValue(this.#text, value, each => formatValue(each, directive))
  }

  #extra(): void {
    this.#text.append('%!(EXTRA ')
    for (const [i, value] of this.#values.slice(this.#next).entries()) {
      if (i > 0) this.#text.append(', ')
      this.#text.append(typeName(value))
      if (value === undefined) continue
      this.#text.append('=')
      printValue(this.#text, value)
    }
    this.#text.append(')')
  }
}
