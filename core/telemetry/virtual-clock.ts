import type { Clock } from './clock.ts'

interface Timer {
  readonly at: number
  readonly owner: string
  readonly run: () => void
}

/** A clock that stands still until it is moved; timers fire in order, while it is. */
export class VirtualClock implements Clock {
  #now: number
  #timers = new Set<Timer>()

  /** @param now Unix ms */
  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  setTimer(ms: number, run: () => void): () => void {
    return this.#set(ms, run, '')
  }

  /**
   * The same clock for one of its users. Timers of equal times fire in the order of their owners' names: the order in
   * which they were set differs after a restart.
   */
  of(owner: string): Clock {
    return { now: () => this.#now, setTimer: (ms, run) => this.#set(ms, run, owner) }
  }

  /** The time of the next timer; Infinity if there is none. */
  get nextTimer(): number {
    return this.#earliest()?.at ?? Number.POSITIVE_INFINITY
  }

  /** Moves time on to `time`, and fires the timers that are due on the way. Never goes back. */
  advanceTo(time: number): void {
    for (let timer = this.#earliest(); timer !== undefined && timer.at <= time; timer = this.#earliest()) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.at)
      timer.run()
    }
    this.#now = Math.max(this.#now, time)
  }

  #set(ms: number, run: () => void, owner: string): () => void {
    const timer = { at: this.#now + ms, owner, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  // Among equal times of one owner the one set first.
  #earliest(): Timer | undefined {
    let earliest: Timer | undefined
    for (const timer of this.#timers) if (earliest === undefined || isBefore(timer, earliest)) earliest = timer
    return earliest
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.owner < b.owner)
}
