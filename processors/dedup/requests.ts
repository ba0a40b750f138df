import type { Block } from '../../sdk/plugin/index.ts'
import type { Flight } from './flights.ts'
import { RememberingRule } from './remembering-rule.ts'
import { DUPLICATE, NEW, NOT_IDENTIFIED, PART, Parts, type Rule } from './rule.ts'

/** Mode `request`: requests of the same bytes are one request. Judges a batch as a whole, by its first item. */
export class Requests extends RememberingRule implements Rule {
  readonly duplicateReason = 'duplicate_request'
  readonly serial = 0
  #parts = new Parts()
  #verdict = NOT_IDENTIFIED

  begin(_block: Block, flight: Flight, now: number): void {
    this.memory.expire(now)
    const request = flight.origin.request?.()
    this.#verdict = request === undefined ? NOT_IDENTIFIED : this.#judgeRequest(request, flight, now)
  }

  judge(i: number): number {
    // One entry in the flight is enough for all of the request.
    return this.#verdict === NEW && i > 0 ? PART : this.#verdict
  }

  // The flight takes back what belongs to the whole request.
  override forget(): void {}

  #judgeRequest(request: string, flight: Flight, now: number): number {
    this.hash.reset().text(request).finish(this.key)
    const parts = this.#parts.begin(flight.origin)
    if (parts.isTakenBack) return PART
    const isPart = parts.units.has(request)
    if (!isPart && this.memory.recall(this.key)) {
      this.lateness = now - this.memory.since
      return DUPLICATE
    }
    if (!isPart) {
      parts.units.add(request)
      parts.serial = this.memory.remember(this.key, now)
    }
    const key = this.key.slice()
    flight.takeBack.push(() => {
      if (!parts.isTakenBack) this.memory.forget(key, 0, parts.serial)
      parts.isTakenBack = true
    })
    return NEW
  }
}
