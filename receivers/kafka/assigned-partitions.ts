const RETRY_MS = 1000
/** For the last checkpoint of a partition that goes to another process, of which the group waits for some seconds. */
const HANDOVER_MS = 4000

/** One that is open. */
export interface OpenPartition {
  /**
   * Resolves to whether all that was processed is kept.
   * @param deadline fired: another process may have it already, so nothing is kept
   */
  close(deadline: AbortSignal): Promise<boolean>
}

export interface PartitionOpener<P> {
  /** Rejects if it cannot be opened now. @param ownership aborted once another process may have had the partition */
  open(partition: number, ownership: AbortSignal): Promise<P>
  /** @param error undefined: it is over */
  failed(partition: number, error: unknown): void
}

/** Opens the partitions that the group gives to this process, and closes those that it takes away. */
export class AssignedPartitions<P extends OpenPartition> {
  readonly #opener: PartitionOpener<P>
  readonly #open = new Map<number, P>()
  /** By partition that the group gave to this process, open or not yet. */
  readonly #assignments = new Map<number, AbortController>()
  /** By partition: what is done with it, one thing after the other. */
  readonly #changes = new Map<number, Promise<void>>()
  #isOver = false

  constructor(opener: PartitionOpener<P>) {
    this.#opener = opener
  }

  /** Those that are open. */
  get all(): P[] {
    return [...this.#open.values()]
  }

  /**
   * Resolves once those that are gone are closed.
   * @param isContinued false: another process may have had any of them since
   */
  async assigned(partitions: ReadonlySet<number>, isContinued: boolean): Promise<void> {
    const lost = [...this.#assignments].filter(([partition]) => !isContinued || !partitions.has(partition))
    for (const [partition, ownership] of lost) {
      this.#assignments.delete(partition)
      // At once: a checkpoint that is under way would be committed in the name of the new membership.
      if (!isContinued) ownership.abort()
    }
    if (this.#isOver) return
    const deadline = isContinued ? AbortSignal.timeout(HANDOVER_MS) : AbortSignal.abort()
    const closing = lost.map(([partition]) => this.#then(partition, () => this.#close(partition, deadline)))
    for (const partition of partitions) {
      if (this.#assignments.has(partition)) continue
      const ownership = new AbortController()
      this.#assignments.set(partition, ownership)
      void this.#then(partition, () => this.#openOne(partition, ownership))
    }
    await Promise.all(closing)
  }

  /** Closes all. Resolves to whether all that was processed is kept. */
  async close(deadline: AbortSignal): Promise<boolean> {
    this.#isOver = true
    await Promise.all([...this.#changes.values()])
    const kept = await Promise.all(this.all.map(partition => partition.close(deadline)))
    this.#open.clear()
    return !kept.includes(false)
  }

  /** If it is lost meanwhile, it is closed once it is open: until then it would be processed here and there. */
  async #openOne(partition: number, ownership: AbortController): Promise<void> {
    while (!this.#isOver && this.#assignments.get(partition) === ownership) {
      try {
        this.#open.set(partition, await this.#opener.open(partition, ownership.signal))
        return this.#opener.failed(partition, undefined)
      } catch (error) {
        this.#opener.failed(partition, error)
        await new Promise(resolve => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  async #close(partition: number, deadline: AbortSignal): Promise<void> {
    const assigned = this.#open.get(partition)
    this.#open.delete(partition)
    await assigned?.close(deadline)
    this.#opener.failed(partition, undefined)
  }

  #then(partition: number, change: () => Promise<void>): Promise<void> {
    const before = this.#changes.get(partition) ?? Promise.resolve()
    const done = before.then(change).catch(error => this.#opener.failed(partition, error))
    this.#changes.set(partition, done)
    return done
  }
}
