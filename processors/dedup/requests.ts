import type { Block, Explanation } from '../../sdk/plugin/index.ts'
import { type DedupRule, DUPLICATE, NEW, NOT_IDENTIFIED, PART, SeenUnits } from './dedup-rule.ts'
import type { InFlightBatch } from './in-flight-batches.ts'
import { RememberingRule } from './remembering-rule.ts'

/** Mode `request`: requests of the same bytes are one request. Judges a batch as a whole, by its first item. */
export class Requests extends RememberingRule implements DedupRule {
  readonly duplicateReason = 'duplicate_request'
  readonly serial = 0
  #seen = new SeenUnits()
  #verdict = NOT_IDENTIFIED

  explain(): Explanation {
    const why = `items of a request whose bytes came in the last ${this.window} are dropped as ${this.duplicateReason}; those of other ways pass`
    return { fate: 'passes', why }
  }

  begin(_block: Block, inFlight: InFlightBatch, now: number): void {
    this.memory.expire(now)
    const request = inFlight.origin.request?.()
    this.#verdict = request === undefined ? NOT_IDENTIFIED : this.#judgeRequest(request, inFlight, now)
  }

  judge(i: number): number {
    // One entry in the batch in flight is enough for all of the request.
    return this.#verdict === NEW && i > 0 ? PART : this.#verdict
  }

  // The batch in flight takes back the entry of the whole request.
  override remove(): void {}

  #judgeRequest(request: string, inFlight: InFlightBatch, now: number): number {
    this.hash.reset().text(request).finish(this.key)
    const seen = this.#seen.begin(inFlight.origin)
    if (seen.isTakenBack) return PART
    const isPart = seen.units.has(request)
    if (!isPart && this.memory.recall(this.key)) {
      this.lateness = now - this.memory.since
      return DUPLICATE
    }
    if (!isPart) {
      seen.units.add(request)
      seen.serial = this.memory.remember(this.key, now)
    }
    const key = this.key.slice()
    inFlight.takeBack.push(() => {
      if (!seen.isTakenBack) this.memory.remove(key, 0, seen.serial)
      seen.isTakenBack = true
    })
    return NEW
  }
}
