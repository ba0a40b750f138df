import type { Clock } from './clock.ts'

interface Timer {
  readonly at: number
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
    const timer = { at: this.#now + ms, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** When the next timer is due; Infinity where there is none. */
  get nextTimer(): number {
    return this.#earliest()?.at ?? Number.POSITIVE_INFINITY
  }

  /** Moves time on to `time`, firing what falls due on the way. Never goes back. */
  advanceTo(time: number): void {
    for (let timer = this.#earliest(); timer !== undefined && timer.at <= time; timer = this.#earliest()) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.at)
      timer.run()
    }
    this.#now = Math.max(this.#now, time)
  }

  // Of equal times the one set first.
  #earliest(): Timer | undefined {
    let earliest: Timer | undefined
    for (const timer of this.#timers) if (earliest === undefined || timer.at < earliest.at) earliest = timer
    return earliest
  }
}
