import { WeirError } from '../../errors.ts'
import type { StageHost } from './stage.ts'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 30_000

/**
 * Starts an operator anew after it failed: at once the first time, then after pauses that grow until a batch has come out
 * of it again.
 */
export class Restarts {
  #host: StageHost
  #start: () => void
  #failures: { add(value: number): void }
  #inARow = 0
  #cancel = () => {}
  /** Why it takes nothing now. */
  reason: Error = new WeirError('QUEUE_FULL', 'the processor is not running')

  constructor(host: StageHost, start: () => void) {
    this.#host = host
    this.#start = start
    this.#failures = host.context.instruments.counter(
      'operator_failures_total',
      'Failures of the operator, after which its batches were nacked and it was subscribed again.'
    )
  }

  failed(error: Error): void {
    this.#failures.add(1)
    const pause = this.#inARow === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#inARow - 1))
    this.#inARow++
    this.reason = new WeirError('QUEUE_FULL', `the processor failed and is being started anew: ${error.message}`, {
      cause: error
    })
    if (pause === 0) this.#start()
    else this.#cancel = this.#host.machineClock.setTimer(pause, this.#start)
  }

  /** A batch came out. */
  succeeded(): void {
    if (this.#inARow === 0) return
    this.#inARow = 0
    this.#host.context.status('ok')
  }

  cancel(): void {
    this.#cancel()
  }
}
