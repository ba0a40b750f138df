import type { Block } from '../../sdk/plugin/index.ts'
import type { Flight } from './flights.ts'
import { RememberingRule } from './remembering-rule.ts'
import { DUPLICATE, NEW, NOT_IDENTIFIED, type Rule } from './rule.ts'

const NO_IDS: readonly undefined[] = []

/** Mode `event_id`: events of one id are one event. Points, and events without an id, pass. */
export class EventIds extends RememberingRule implements Rule {
  readonly duplicateReason = 'duplicate'
  serial = 0
  #ids: readonly (string | undefined)[] = NO_IDS
  #now = 0

  begin(block: Block, _flight: Flight, now: number): void {
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
