/** Bodies are decoded one after the other for so long, before other connections get their turn. */
const LONGEST_TURN_MS = 10

/**
 * Shares the event loop between bodies that wait to be decoded and everything else: many that came at once would hold
 * up health checks and timers until the last of them is done.
 */
export class Turns {
  readonly #now: () => number
  readonly #waiting: (() => void)[] = []
  #isOpen = false
  #began = 0

  constructor(now = () => performance.now()) {
    this.#now = now
  }

  /** Resolves when it is the caller's turn, in the order of calls. */
  take(): Promise<void> | undefined {
    if (!this.#isOpen) this.#open()
    else if (this.#waiting.length > 0 || this.#now() - this.#began >= LONGEST_TURN_MS)
      return new Promise(resolve => this.#waiting.push(resolve))
    return undefined
  }

  #open(): void {
    this.#isOpen = true
    this.#began = this.#now()
    setImmediate(() => this.#next())
  }

  #next(): void {
    this.#isOpen = false
    const first = this.#waiting.shift()
    if (first === undefined) return
    this.#open()
    first()
  }
}

/** One for the process, as the event loop is. */
export const turns = new Turns()
