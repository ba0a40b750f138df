import type { Permit } from '../batch/credits.ts'
import { RequestError, unavailable } from './request-error.ts'

/** Counts a body's bytes against its limit and its permit. */
export class BodyBudget {
  readonly #permit: Permit
  readonly #maxBytes: number
  #paid = 0
  #seen = 0

  constructor(permit: Permit, maxBytes: number) {
    this.#permit = permit
    this.#maxBytes = maxBytes
  }

  /** From here on it is another body, held beside what came before. */
  restart(): void {
    this.#seen = this.#paid = 0
  }

  /** What is wrong with `bytes` more, if anything. */
  spend(bytes: number): RequestError | undefined {
    this.#seen += bytes
    if (this.#seen > this.#maxBytes) return tooLarge(this.#maxBytes)
    const owed = this.#seen - this.#paid
    if (owed <= 0) return undefined
    if (!this.#permit.tryGrow(owed)) return noCredits()
    this.#paid = this.#seen
    return undefined
  }
}

export const tooLarge = (maxBytes: number) =>
  new RequestError(
    413,
    `the body is larger than ${maxBytes} bytes after decompression: send less at once, or raise max_body_size`
  )
export const noCredits = () => unavailable('as much data is in flight as the memory budget allows: send this again')
