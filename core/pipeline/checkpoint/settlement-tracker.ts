import type { SettlementToken } from '../../batch/settlement.ts'

interface Waiting {
  readonly waitsFor: Set<SettlementToken>
  resolve(isWhole: boolean): void
}

/**
 * The barrier of checkpoints. Whoever brings data into the pipelines opens a settlement, and closes it once the data needs
 * nobody's memory any more: exported, on the disk of a sending queue, absorbed by a processor, or a dead letter written. A
 * snapshot taken at a barrier may become a checkpoint once all that was open at the barrier is closed, or is in the snapshot.
 */
export class SettlementTracker {
  #open = new Set<SettlementToken>()
  #waiting = new Set<Waiting>()
  /** See {@link break}. */
  isBroken = false

  /** Settlements that are open. */
  get size(): number {
    return this.#open.size
  }

  open(): SettlementToken {
    const token = {}
    this.#open.add(token)
    return token
  }

  close(token: SettlementToken): void {
    this.#open.delete(token)
    for (const waiting of this.#waiting) {
      waiting.waitsFor.delete(token)
      if (waiting.waitsFor.size === 0) this.#end(waiting, true)
    }
  }

  /** Closes it, for its owner has the data again: no snapshot that was taken while it was out knows of it. */
  returned(token: SettlementToken): void {
    for (const waiting of this.#waiting) if (waiting.waitsFor.has(token)) this.#end(waiting, false)
    this.close(token)
  }

  /** Some data is known only by the last checkpoint, or the journal it leads to: no later checkpoint may be taken. */
  break(): void {
    this.isBroken = true
    for (const waiting of this.#waiting) this.#end(waiting, false)
  }

  /**
   * Resolves once all settlements open now are closed. Resolves to false if some of them returned to their owner, or
   * are known only by the last checkpoint.
   * @param inSnapshot settlements that are not waited for, since the snapshot has the rest of them
   */
  barrier(inSnapshot: ReadonlySet<SettlementToken> = new Set()): Promise<boolean> {
    if (this.isBroken) return Promise.resolve(false)
    const waitsFor = new Set([...this.#open].filter(token => !inSnapshot.has(token)))
    if (waitsFor.size === 0) return Promise.resolve(true)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#waiting.add({ waitsFor, resolve })
    return promise
  }

  /** True if no settlement but those of `inSnapshot` is open. */
  isCoveredBy(inSnapshot: ReadonlySet<SettlementToken>): boolean {
    return !this.isBroken && [...this.#open].every(token => inSnapshot.has(token))
  }

  #end(waiting: Waiting, isWhole: boolean): void {
    this.#waiting.delete(waiting)
    waiting.resolve(isWhole)
  }
}
