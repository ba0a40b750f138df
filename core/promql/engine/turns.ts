import { setImmediate } from 'node:timers/promises'
import { QueryError } from '../query-error.ts'

/** Longest computation between two looks at the signal: short enough for other queries of the thread. */
const TURN_MS = 20

/** Lets the event loop run now and then, so that a query can be canceled. */
export class Turns {
  readonly #signal: AbortSignal
  #since = performance.now()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** True if it is time to await {@link next}. */
  get due(): boolean {
    return performance.now() - this.#since > TURN_MS
  }

  /** Rejects with a {@link QueryError} once the signal has fired. */
  async next(): Promise<void> {
    await setImmediate()
    this.check()
    this.#since = performance.now()
  }

  check(): void {
    if (this.#signal.aborted) throw abortError(this.#signal)
  }
}

function abortError(signal: AbortSignal): QueryError {
  const { reason } = signal
  if (reason instanceof QueryError) return reason
  if (reason instanceof DOMException && reason.name === 'TimeoutError')
    return new QueryError('timeout', 'the query took too long: narrow it by labels, or shorten its time range')
  return new QueryError('canceled', 'the query was canceled')
}
