import type { Block, Explanation, NamedSeries } from '../../sdk/plugin/index.ts'
import { type DedupRule, DUPLICATE, NEW, NOT_IDENTIFIED } from './dedup-rule.ts'
import type { InFlightBatch } from './in-flight-batches.ts'
import { RememberingRule } from './remembering-rule.ts'

const NO_IDS: readonly undefined[] = []

/** Mode `event_id`: events of one id are one event. Points, and events without an id, pass. */
export class EventIds extends RememberingRule implements DedupRule {
  readonly duplicateReason = 'duplicate'
  serial = 0
  #ids: readonly (string | undefined)[] = NO_IDS
  #now = 0

  explain({ kind }: NamedSeries): Explanation {
    const why =
      kind === 'event'
        ? `an event is dropped as ${this.duplicateReason} if its id came in the last ${this.window}; one without an id passes`
        : 'ids of events are compared, and these are points'
    return { fate: 'passes', why }
  }

  begin(block: Block, _inFlight: InFlightBatch, now: number): void {
    this.memory.expire(now)
    this.#ids = block.type === 'events' ? block.id : NO_IDS
    this.#now = now
  }

  judge(i: number): number {
    const id = this.#ids[i]
    if (id === undefined) return NOT_IDENTIFIED
    this.hash.reset().text(id).finish(this.key)
    if (this.memory.recall(this.key)) {
      this.lateness = this.#now - this.memory.since
      return DUPLICATE
    }
    this.serial = this.memory.remember(this.key, this.#now)
    return NEW
  }
}
