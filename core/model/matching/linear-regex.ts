import type { RE2JS } from 're2js'
import { re2js } from '../../packages.ts'

/** Remembered of one expression. */
const MOST_TEXTS = 4096
/** In UTF-16 units. Labels are short; a longer text may be anything, a whole body too, and is computed each time. */
const LONGEST_TEXT = 256
/** Memory of one expression: texts in Latin letters, and as much for their results. */
export const MEMO_BYTES = MOST_TEXTS * (2 * LONGEST_TEXT + 100)

/** The problem of a regular expression in RE2 syntax, or undefined. */
export function regexProblem(source: string): string | undefined {
  try {
    compileRegex(source)
    return undefined
  } catch (error) {
    if (!(error instanceof re2js().RE2JSSyntaxException)) throw error
    const part = error.getPattern()
    const where = part === null || part === source ? '' : ` in ${part}`
    return `"${source}" is no regular expression of RE2 syntax: ${error.getDescription()}${where}`
  }
}

/**
 * A regular expression in RE2 syntax, which has no lookaround and no backreferences: matching takes time linear in the
 * text, whatever users write. Throws if {@link regexProblem} finds a problem.
 */
export function compileRegex(source: string): RE2JS {
  return re2js().RE2JS.compile(source)
}

/** A memo of a function of texts, for the short texts seen last: labels repeat, and RE2 takes a microsecond. */
export class Memo<T> {
  #make: (text: string) => T
  #known = new Map<string, T>()

  constructor(make: (text: string) => T) {
    this.#make = make
  }

  of(text: string): T {
    const known = this.#known.get(text)
    if (known !== undefined || this.#known.has(text)) return known as T
    const made = this.#make(text)
    if (text.length > LONGEST_TEXT) return made
    if (this.#known.size === MOST_TEXTS) this.#known.clear()
    this.#known.set(text, made)
    return made
  }
}
