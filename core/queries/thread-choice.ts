/** Texts that nobody writes by hand are not looked at: the main thread has other work. */
const LONGEST_TEXT = 4096
/** Metrics whose thread is remembered. */
const MOST_KNOWN = 1000
const NAME = /[a-zA-Z_:][a-zA-Z0-9_:.]*/g

/**
 * Chooses a thread for each question: the same for questions about the same metric. What a thread knows of its series, and the
 * samples that it keeps, serve all of them, and no other thread has those a second time.
 */
export class ThreadChoice {
  readonly #threads: number
  readonly #known = new Map<string, number>()
  #next = 0

  constructor(threads: number) {
    this.#threads = threads
  }

  /** The number of a thread, from 0. @param text of the question */
  of(text: string): number {
    const subject = text.length > LONGEST_TEXT ? text : (longestName(text) ?? text)
    let thread = this.#known.get(subject)
    if (thread === undefined) {
      thread = this.#next
      this.#next = (this.#next + 1) % this.#threads
      if (this.#known.size >= MOST_KNOWN) this.#known.clear()
      this.#known.set(subject, thread)
    }
    return thread
  }
}

/** Most often the metric's, as those of labels are shorter. Names of functions do not count. */
function longestName(text: string): string | undefined {
  let longest: string | undefined
  for (const { 0: name, index } of text.matchAll(NAME)) {
    const isFunction = text[index + name.length] === '('
    if (!isFunction && name.length > (longest?.length ?? 0)) longest = name
  }
  return longest
}
