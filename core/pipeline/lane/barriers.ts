import type { Clock } from '../../telemetry/clock.ts'
import type { Item } from './item.ts'

/** How long a checkpoint waits for the backend before what is in front of it goes to disk. */
const GRACE_MS = 1000

interface Barrier {
  /** What was in the lane and has not left it. */
  readonly waitsFor: Set<Item>
  resolve(allSettled: boolean): void
}

/** What is in a lane, and who waits for it to leave. Not every batch leaves in its turn. */
export class Barriers {
  #unsettled = new Set<Item>()
  #waiting = new Set<Barrier>()
  #clock: Clock
  #onLate: () => void

  /** @param onLate somebody waits for long: called again and again, for the disk may be full, or fail */
  constructor(clock: Clock, onLate: () => void) {
    this.#clock = clock
    this.#onLate = onLate
  }

  /** Resolves when all that is in the lane now has left it: true, or false where some of it was handed back. */
  wait(): Promise<boolean> {
    if (this.#unsettled.size === 0) return Promise.resolve(true)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const barrier = { waitsFor: new Set(this.#unsettled), resolve }
    this.#waiting.add(barrier)
    this.#hurry(barrier)
    return promise
  }

  entered(item: Item): void {
    this.#unsettled.add(item)
  }

  /** Its batch is settled. */
  left(item: Item): void {
    this.#unsettled.delete(item)
    for (const barrier of this.#waiting) {
      barrier.waitsFor.delete(item)
      if (barrier.waitsFor.size > 0) continue
      this.#waiting.delete(barrier)
      barrier.resolve(true)
    }
  }

  handedBack(item: Item): void {
    for (const { resolve } of this.#waiting) resolve(false)
    this.#waiting.clear()
    this.left(item)
  }

  #hurry(barrier: Barrier): void {
    this.#clock.setTimer(GRACE_MS, () => {
      if (!this.#waiting.has(barrier)) return
      this.#onLate()
      this.#hurry(barrier)
    })
  }
}
