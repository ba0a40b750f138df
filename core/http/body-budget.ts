import type { CreditPool, Permit } from '../batch/credits.ts'
import type { JsonMemory } from '../wire/json.ts'
import { RequestError, unavailable } from './request-error.ts'

/** Counts a body's bytes against its limit and its permit. */
export class BodyBudget {
  readonly #permit: Permit
  readonly #maxBytes: number
  readonly #capacity: number
  readonly #option: string
  #paid = 0
  #seen = 0

  /** @param capacity of the pool that `permit` is of @param option sets `maxBytes` */
  constructor(permit: Permit, maxBytes: number, capacity: number, option: string) {
    this.#permit = permit
    this.#maxBytes = maxBytes
    this.#capacity = capacity
    this.#option = option
  }

  /** From here on it is another body, held beside the one before. */
  restart(): void {
    this.#seen = this.#paid = 0
  }

  /** The problem with `bytes` more, if any. */
  spend(bytes: number): RequestError | undefined {
    this.#seen += bytes
    if (this.#seen > this.#maxBytes) return tooLarge(this.#maxBytes, this.#option)
    const owed = this.#seen - this.#paid
    if (owed <= 0) return undefined
    const needed = this.#permit.bytes + owed
    if (needed > this.#capacity) return tooMuchMemory(needed, this.#capacity)
    if (!this.#permit.tryGrow(owed)) return noCredits()
    this.#paid = this.#seen
    return undefined
  }
}

export const tooLarge = (maxBytes: number, option: string) =>
  new RequestError(
    413,
    `the body is larger than ${maxBytes} bytes after decompression: send less at once, or raise ${option}`
  )

/**
 * Memory beside that which `permit` has paid for, while work is done with it. It throws {@link RequestError}: 503
 * without credits, 413 if there can never be so many.
 */
export function memoryBeside(permit: Permit, credits: CreditPool): JsonMemory {
  const { capacity } = credits
  return {
    capacity,
    use(bytes, work) {
      const needed = permit.bytes + bytes
      if (needed > capacity) throw tooMuchMemory(needed, capacity)
      const more = credits.tryTake(bytes)
      if (more === undefined) throw noCredits()
      try {
        return work()
      } finally {
        more.release()
      }
    }
  }
}

export const tooMuchMemory = (bytes: number, capacity: number) =>
  new RequestError(
    413,
    `this takes ${bytes} bytes in memory or more, of ${capacity} there are: send less at once, or raise service.limits.in_flight`
  )
export const noCredits = () => unavailable('as much data is in flight as the memory budget allows: send this again')
