/** Bodies are decoded one after the other for so long, before other connections get their turn. */
const LONGEST_TURN_MS = 10
/** Most bodies that wait no longer at one time, however small they are. */
const MOST_BODIES = 64

/**
 * Shares the event loop between bodies that wait to be decoded and everything else: many that came at once would hold
 * up health checks and timers until the last of them is done.
 */
export class Turns {
  readonly #now: () => number
  readonly #waiting: (() => void)[] = []
  #isOpen = false
  #began = 0
  /** Bodies whose turn comes at one time. */
  #share = 1

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
    if (this.#waiting.length === 0) return
    this.#adjustShare(this.#now() - this.#began)
    this.#open()
    for (const resolve of this.#waiting.splice(0, this.#share)) resolve()
  }

  // Bodies are decoded after this has returned. So their number is found by the time that the last ones took.
  #adjustShare(tookMs: number): void {
    if (tookMs > LONGEST_TURN_MS) this.#share = Math.max(1, this.#share >> 1)
    else if (tookMs < LONGEST_TURN_MS / 2) this.#share = Math.min(MOST_BODIES, this.#share * 2)
  }
}

/** One for the process, as the event loop is. */
export const turns = new Turns()
