import type { Failure } from './failure.ts'

/** Failures in a row that open the circuit. */
const OPEN_AFTER = 5

/** Tells from the failures of one exporter whether its backend is there, so that no full batch is spent on asking. */
export class CircuitBreaker {
  /** Failures in a row. */
  failures = 0
  /** Undefined once the backend has answered. */
  #last: Failure | undefined

  failed(failure: Failure): void {
    this.failures++
    this.#last = failure
  }

  /** The backend is well. */
  answered(): void {
    this.failures = 0
    this.#last = undefined
  }

  /** True if the last try failed. */
  get isFailing(): boolean {
    return this.failures > 0
  }

  /** True if the backend counts as gone. Batches that wait for it are better kept on disk. */
  get isOpen(): boolean {
    return this.failures >= OPEN_AFTER
  }

  /** True if the data may be at fault and the backend well: tries failed often, with an error that nobody can place. */
  get isSuspect(): boolean {
    return this.isOpen && this.#last?.kind === 'unknown'
  }
}
