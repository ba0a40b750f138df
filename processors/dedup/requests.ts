import { Murmur3 } from '../../core/model/sketch/murmur3.ts'
import type { Block } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import type { Flight } from './flights.ts'
import { Memory, type SavedMemory } from './memory.ts'
import { DUPLICATE, NEW, NOT_IDENTIFIED, PART, Parts, type Rule } from './rule.ts'

/** Mode `request`: requests of the same bytes are one request. Judges a batch as a whole, by its first item. */
export class Requests implements Rule {
  readonly key = new Uint32Array(4)
  readonly duplicateReason = 'duplicate_request'
  readonly serial = 0
  lateness = 0
  #memory: Memory
  #hash = new Murmur3()
  #parts = new Parts()
  #verdict = NOT_IDENTIFIED

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

  begin(_block: Block, flight: Flight, now: number): void {
    this.#memory.expire(now)
    const request = flight.origin.request?.()
    this.#verdict = request === undefined ? NOT_IDENTIFIED : this.#judgeRequest(request, flight, now)
  }

  judge(i: number): number {
    // One entry in the flight is enough for all of the request.
    return this.#verdict === NEW && i > 0 ? PART : this.#verdict
  }

  // The flight takes back what belongs to the whole request.
  forget(): void {}

  save(): unknown {
    return this.#memory.save()
  }

  restore(saved: unknown): void {
    this.#memory.restore(saved as SavedMemory)
  }

  #judgeRequest(request: string, flight: Flight, now: number): number {
    this.#hash.reset().text(request).finish(this.key)
    const parts = this.#parts.begin(flight.origin)
    if (parts.isTakenBack) return PART
    const isPart = parts.units.has(request)
    if (!isPart && this.#memory.recall(this.key)) {
      this.lateness = now - this.#memory.since
      return DUPLICATE
    }
    if (!isPart) {
      parts.units.add(request)
      parts.serial = this.#memory.remember(this.key, now)
    }
    const key = this.key.slice()
    flight.takeBack.push(() => {
      if (!parts.isTakenBack) this.#memory.forget(key, 0, parts.serial)
      parts.isTakenBack = true
    })
    return NEW
  }
}
