/** Texts that nobody writes by hand are not looked at: the main thread has other work. */
const LONGEST_TEXT = 4096
/** Metrics whose thread is remembered. */
const MOST_KNOWN = 1000
/** Words of PromQL, with the names of labels behind some of them; or any other name, as the first group. */
const PART =
  /\b(?:offset|bool|and|or|unless|by|without|on|ignoring|group_left|group_right)\b(?:\s*\([^)]*\))?|([a-zA-Z_:][a-zA-Z0-9_:.]*)/gi

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
    const subject = text.length > LONGEST_TEXT ? text : (metricIn(text) ?? text)
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

/** A name before braces or a range, or else the longest: those of labels are shorter most often. Functions do not count. */
function metricIn(text: string): string | undefined {
  let found: string | undefined
  let best = 0
  for (const { 1: name, index } of text.matchAll(PART)) {
    const next = name === undefined ? '(' : text[index + name.length]
    if (next === '(') continue
    const rank = name.length + (next === '{' || next === '[' ? LONGEST_TEXT : 0)
    if (rank <= best) continue
    found = name
    best = rank
  }
  return found
}
