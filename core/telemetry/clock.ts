/** The only source of time, so that tests and replays can have their own. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Calls `run` once after `ms`. Returns a function that cancels it. */
  setTimer(ms: number, run: () => void): () => void
}

// Node fires timers set further ahead than this, 25 days, at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: Date.now,
  setTimer(ms, run) {
    let timer: NodeJS.Timeout
    const wait = (left: number) => {
      const step = Math.min(left, LONGEST_TIMER_MS)
      timer = setTimeout(() => (left > step ? wait(left - step) : run()), step)
    }
    wait(ms)
    return () => clearTimeout(timer)
  }
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.setTimer(ms, () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    })
    signal?.addEventListener('abort', stop, { once: true })
  })
}
