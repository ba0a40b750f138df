import { RE2JS, RE2JSSyntaxException } from 're2js'

/** Answers remembered for one expression. Texts beyond that are looked at again. */
const MOST_ANSWERS = 4096

/** What is wrong with a regular expression in RE2 syntax, or undefined. */
export function regexProblem(source: string): string | undefined {
  try {
    compileRegex(source)
    return undefined
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error
    const part = error.getPattern()
    const where = part === null || part === source ? '' : ` in ${part}`
    return `"${source}" is no regular expression of RE2 syntax: ${error.getDescription()}${where}`
  }
}

/**
 * A regular expression in RE2 syntax, which has no lookaround and no backreferences: matching takes time linear in the
 * text, whatever users write. Throws where {@link regexProblem} has something to say.
 */
export function compileRegex(source: string): RE2JS {
  return RE2JS.compile(source)
}

/** Whether an expression is found in a text, with a bounded memory: labels repeat, and RE2 takes a microsecond. */
export class RegexTest {
  #regex: RE2JS
  #answers = new Map<string, boolean>()

  constructor(source: string) {
    this.#regex = compileRegex(source)
  }

  test(text: string): boolean {
    const known = this.#answers.get(text)
    if (known !== undefined) return known
    if (this.#answers.size === MOST_ANSWERS) this.#answers.clear()
    const answer = this.#regex.test(text)
    this.#answers.set(text, answer)
    return answer
  }
}
