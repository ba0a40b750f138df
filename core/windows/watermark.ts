/** How far a source has come, and when it was last heard of. */
export interface Source {
  reached: number
  lastSeen: number
}

/**
 * How far event time has come: the least of what the sources that still send have reached, minus the allowed lateness.
 * Never goes back. All times in Unix ms.
 */
export class Watermark {
  #allowedLateness: number
  #idleTimeout: number
  #sources = new Map<string, Source>()
  #value = Number.NEGATIVE_INFINITY

  constructor(allowedLateness: number, idleTimeout: number) {
    this.#allowedLateness = allowedLateness
    this.#idleTimeout = idleTimeout
  }

  get value(): number {
    return this.#value
  }

  get sources(): ReadonlyMap<string, Source> {
    return this.#sources
  }

  restore(value: number, sources: ReadonlyMap<string, Source>): void {
    this.#value = value
    this.#sources = new Map(sources)
  }

  /** @param latest event time seen. Ahead of the clock it counts as now: one fast clock must not close windows for all. */
  observe(source: string, latest: number, now: number): void {
    const reached = Math.min(latest, now)
    const known = this.#sources.get(source)
    if (known === undefined) this.#sources.set(source, { reached, lastSeen: now })
    else {
      known.reached = Math.max(known.reached, reached)
      known.lastSeen = now
    }
  }

  /** Where nobody sends, time goes on by the clock, as long as there is something to wait for it. */
  advance(now: number, isWaitedFor: boolean): number {
    let reached = Number.POSITIVE_INFINITY
    for (const [source, { reached: own, lastSeen }] of this.#sources) {
      if (now - lastSeen >= this.#idleTimeout) this.#sources.delete(source)
      else reached = Math.min(reached, own)
    }
    if (reached === Number.POSITIVE_INFINITY) reached = isWaitedFor ? now : Number.NEGATIVE_INFINITY
    this.#value = Math.max(this.#value, reached - this.#allowedLateness)
    return this.#value
  }
}
