import { Murmur3 } from '../../core/model/sketch/murmur3.ts'
import type { Block } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import type { Flight } from './flights.ts'
import { Memory, type SavedMemory } from './memory.ts'
import { DUPLICATE, NEW, NOT_IDENTIFIED, type Rule } from './rule.ts'

const NO_IDS: readonly undefined[] = []

/** Mode `event_id`: events of one id are one event. Points, and events without an id, pass. */
export class EventIds implements Rule {
  readonly key = new Uint32Array(4)
  readonly duplicateReason = 'duplicate'
  serial = 0
  lateness = 0
  #memory: Memory
  #hash = new Murmur3()
  #ids: readonly (string | undefined)[] = NO_IDS
  #now = 0

  constructor(config: Config) {
    this.#memory = new Memory(config)
  }

  get size(): number {
    return this.#memory.size
  }
  get bytes(): number {
    return this.#memory.bytes
  }
  get evicted(): number {
    return this.#memory.evicted
  }

  begin(block: Block, _flight: Flight, now: number): void {
    this.#memory.expire(now)
    this.#ids = block.type === 'events' ? block.id : NO_IDS
    this.#now = now
  }

  judge(i: number): number {
    const id = this.#ids[i]
    if (id === undefined) return NOT_IDENTIFIED
    this.#hash.reset().text(id).finish(this.key)
    if (this.#memory.recall(this.key)) {
      this.lateness = this.#now - this.#memory.since
      return DUPLICATE
    }
    this.serial = this.#memory.remember(this.key, this.#now)
    return NEW
  }

  forget(keys: Uint32Array, at: number, serial: number): void {
    this.#memory.forget(keys, at, serial)
  }

  save(): unknown {
    return this.#memory.save()
  }

  restore(saved: unknown): void {
    this.#memory.restore(saved as SavedMemory)
  }
}
