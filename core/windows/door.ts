/** Windows that wait to be sent close the door after so long, if so many further ones have ended meanwhile. */
const CLOSED_AFTER_MS = 5000
const CLOSED_BY_WINDOWS = 2

/**
 * Closed while windows end faster than they are sent: they would wait in ever more memory. An emission waits for exporters
 * without filling their queues, so no queue would tell senders to wait.
 */
export class Door {
  #isClosed = false
  /** Since when windows wait, Unix ms. */
  #since: number | undefined

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** To be called from time to time while windows wait. @param ended windows that have ended and are not being sent */
  watch(ended: number, now: number): void {
    this.#since ??= now
    this.#isClosed ||= ended >= CLOSED_BY_WINDOWS && now - this.#since > CLOSED_AFTER_MS
  }

  /** No window waits. */
  open(): void {
    this.#isClosed = false
    this.#since = undefined
  }
}
