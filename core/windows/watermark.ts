/** Senders that were refused mostly come again within this: SDKs after `Retry-After`, Prometheus and own receivers after 5 s. */
const TRIED_AGAIN_WITHIN_MS = 10_000

/** The event time that a source has reached, and the clock time at which it was last heard. */
export interface Source {
  reached: number
  lastSeen: number
}

export interface WatermarkSettings {
  readonly allowedLatenessMs: number
  /** A source silent for this long is left out. */
  readonly idleTimeoutMs: number
  /** A source further than this behind the one that is furthest ahead is left out too. */
  readonly maxSourceLagMs: number
}

/**
 * How far event time has come: the least event time that the sources have reached, of those that are not left out,
 * minus the allowed lateness. It never goes back. All times in Unix ms.
 */
export class Watermark {
  #settings: WatermarkSettings
  #sources = new Map<string, Source>()
  /** Sources that were refused and not heard since: when that began. */
  #refusedSince = new Map<string, number>()
  #value = Number.NEGATIVE_INFINITY

  constructor(settings: WatermarkSettings) {
    this.#settings = settings
  }

  get value(): number {
    return this.#value
  }

  get sources(): ReadonlyMap<string, Source> {
    return this.#sources
  }

  /** Sources that are left out because they are too far behind. */
  get lagging(): number {
    const least = this.#furthest() - this.#settings.maxSourceLagMs
    let lagging = 0
    for (const { reached } of this.#sources.values()) if (reached < least) lagging++
    return lagging
  }

  restore(value: number, sources: ReadonlyMap<string, Source>): void {
    this.#value = value
    this.#sources = new Map(sources)
  }

  /**
   * @param latest event time seen. Ahead of the clock it counts as now: one fast clock must not close windows for all.
   */
  observe(source: string, latest: number, now: number): void {
    this.#refusedSince.delete(source)
    const reached = Math.min(latest, now)
    const known = this.#sources.get(source)
    if (known === undefined) this.#sources.set(source, { reached, lastSeen: now })
    else {
      known.reached = Math.max(known.reached, reached)
      known.lastSeen = now
    }
  }

  /**
   * A source was refused: it counts as heard until it has tried again. But not for ever: what others have sent would wait for
   * as long as an exporter is down that has nothing to do with it.
   */
  excuse(source: string, now: number): void {
    const known = this.#sources.get(source)
    if (known === undefined) return
    const since = this.#refusedSince.get(source) ?? now
    this.#refusedSince.set(source, since)
    const longest = since + this.#settings.maxSourceLagMs
    known.lastSeen = Math.max(known.lastSeen, Math.min(now + TRIED_AGAIN_WITHIN_MS, longest))
  }

  /** No source can be heard now, so none is silent. */
  excuseAll(now: number): void {
    for (const source of this.#sources.values())
      source.lastSeen = Math.max(source.lastSeen, now + TRIED_AGAIN_WITHIN_MS)
  }

  /** Without sources time goes on by the clock, as long as something waits for it. */
  advance(now: number, isWaitedFor: boolean): number {
    const { allowedLatenessMs, idleTimeoutMs, maxSourceLagMs } = this.#settings
    for (const [source, { lastSeen }] of this.#sources) if (now - lastSeen >= idleTimeoutMs) this.#remove(source)
    const least = this.#furthest() - maxSourceLagMs
    let reached = Number.POSITIVE_INFINITY
    for (const { reached: own } of this.#sources.values()) if (own >= least) reached = Math.min(reached, own)
    if (reached === Number.POSITIVE_INFINITY) reached = isWaitedFor ? now : Number.NEGATIVE_INFINITY
    this.#value = Math.max(this.#value, reached - allowedLatenessMs)
    return this.#value
  }

  #remove(source: string): void {
    this.#sources.delete(source)
    this.#refusedSince.delete(source)
  }

  #furthest(): number {
    let furthest = Number.NEGATIVE_INFINITY
    for (const { reached } of this.#sources.values()) furthest = Math.max(furthest, reached)
    return furthest
  }
}
