/** A settlement that is open, for {@link SettlementTracker.close}. */
export type OpenSettlement = number

interface Waiting {
  /** Settlements opened in this epoch or before it are waited for. */
  readonly epoch: number
  resolve(isWhole: boolean): void
}

/**
 * The barrier of checkpoints. Whoever brings data into the pipelines opens a settlement, and closes it once the data needs
 * nobody's memory any more: exported, on the disk of a sending queue, absorbed by a processor, or a dead letter written. A
 * snapshot taken at a barrier may become a checkpoint once all that was opened before the barrier is closed.
 */
export class SettlementTracker {
  #epoch = 0
  /** By epoch: open settlements. Only epochs that have some. */
  #open = new Map<number, number>()
  #waiting: Waiting[] = []
  /** See {@link break}. */
  isBroken = false

  /** Settlements that are open. */
  get size(): number {
    let sum = 0
    for (const count of this.#open.values()) sum += count
    return sum
  }

  open(): OpenSettlement {
    this.#open.set(this.#epoch, (this.#open.get(this.#epoch) ?? 0) + 1)
    return this.#epoch
  }

  close(settlement: OpenSettlement): void {
    const left = this.#open.get(settlement)! - 1
    if (left > 0) this.#open.set(settlement, left)
    else this.#open.delete(settlement)
    if (left === 0 && this.#waiting.length > 0) this.#resolveReached()
  }

  /** Closes it, for its owner has the data again: no snapshot that was taken while it was out knows of it. */
  returned(settlement: OpenSettlement): void {
    for (const waiting of this.#waiting.filter(({ epoch }) => epoch >= settlement)) this.#end(waiting, false)
    this.close(settlement)
  }

  /** Only what the last checkpoint leads to, such as the journal, knows of some data: no later one may be taken. */
  break(): void {
    this.isBroken = true
    for (const waiting of [...this.#waiting]) this.#end(waiting, false)
  }

  /**
   * Resolves once all that is open now is closed: to true, or to false where some of it returned to its owner, or only
   * the last checkpoint leads to it.
   */
  barrier(): Promise<boolean> {
    if (this.isBroken) return Promise.resolve(false)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#waiting.push({ epoch: this.#epoch++, resolve })
    this.#resolveReached()
    return promise
  }

  #resolveReached(): void {
    // Epochs were entered in order.
    const oldest = this.#open.keys().next().value ?? Number.POSITIVE_INFINITY
    for (const waiting of this.#waiting.filter(({ epoch }) => epoch < oldest)) this.#end(waiting, true)
  }

  #end(waiting: Waiting, isWhole: boolean): void {
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
    waiting.resolve(isWhole)
  }
}
