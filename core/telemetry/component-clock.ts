import type { Clock } from './clock.ts'

interface Timer {
  readonly at: number
  readonly order: number
  readonly run: () => void
  cancel: () => void
}

/**
 * A component's clock: the clock of its host. While its host replays the component's past it is a clock of its own that
 * the host moves. Timers survive the change from the one to the other.
 */
export class ComponentClock implements Clock {
  #host: Clock
  /** Unix ms, while it is not the host's. */
  #own: number | undefined
  #timers = new Set<Timer>()
  #set = 0
  /** Gets the errors that timers throw. */
  onError: ((thrown: unknown) => void) | undefined

  constructor(host: Clock) {
    this.#host = host
  }

  now(): number {
    return this.#own ?? this.#host.now()
  }

  setTimer(ms: number, run: () => void): () => void {
    const timer: Timer = { at: this.now() + ms, order: this.#set++, run, cancel: () => {} }
    this.#timers.add(timer)
    if (this.#own === undefined) this.#hand(timer, ms)
    return () => {
      this.#timers.delete(timer)
      timer.cancel()
    }
  }

  /** The time of the next timer, Unix ms; Infinity if there is none. */
  get nextTimer(): number {
    return this.#inOrder()[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** From now on it shows `time`, until it is moved by {@link runTo}, or is the host's again. */
  detach(time: number): void {
    this.#own = time
    for (const timer of this.#timers) timer.cancel()
  }

  /** Moves a detached clock, and fires the timers that are due on the way. */
  runTo(time: number): void {
    for (let next = this.#inOrder()[0]; next !== undefined && next.at <= time; next = this.#inOrder()[0]) {
      this.#own = Math.max(this.now(), next.at)
      this.#fire(next)
    }
    this.#own = Math.max(this.now(), time)
  }

  /** It is the host's clock again. */
  attach(): void {
    this.#own = undefined
    for (const timer of this.#inOrder()) this.#hand(timer, Math.max(0, timer.at - this.now()))
  }

  #hand(timer: Timer, ms: number): void {
    timer.cancel = this.#host.setTimer(ms, () => this.#fire(timer))
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer)
    if (this.onError === undefined) return timer.run()
    try {
      timer.run()
    } catch (thrown) {
      this.onError(thrown)
    }
  }

  #inOrder(): Timer[] {
    return [...this.#timers].sort((a, b) => a.at - b.at || a.order - b.order)
  }
}
