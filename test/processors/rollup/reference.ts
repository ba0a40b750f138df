export interface Arrival {
  /** Event time, seconds. */
  readonly at: number
  readonly value: number
}

export const cell = (tierMs: number, isLate: boolean, startMs: number) =>
  `${tierMs} ${isLate ? 'late' : 'in time'} ${startMs}`

/** A source further behind than this does not hold intervals open: the default of `max_source_lag`. */
const MAX_SOURCE_LAG_MS = 60_000

/**
 * The counters that a rollup must emit, worked out the slow and obvious way, without merging: each point, when it
 * comes, is looked at once for each tier. Where its interval has not been sent it counts there, else as late in the one
 * that is open.
 */
export class Reference {
  /** By {@link cell}. */
  readonly sums = new Map<string, number>()
  #tiersMs: readonly number[]
  #latenessMs: number
  #idleMs: number
  #nowMs: number
  #tickMs: number
  #sources = new Map<string, { readonly reachedMs: number; readonly lastSeenMs: number }>()
  #watermarkMs = Number.NEGATIVE_INFINITY
  /** When the last interval ends that holds anything. */
  #endMs = Number.NEGATIVE_INFINITY

  constructor(tiersMs: readonly number[], latenessMs: number, idleMs: number, nowMs: number) {
    this.#tiersMs = tiersMs
    this.#latenessMs = latenessMs
    this.#idleMs = idleMs
    this.#nowMs = nowMs
    // A quarter of the smallest tier, from 50 to 500 ms, at multiples of that.
    this.#tickMs = Math.min(500, Math.max(50, Math.min(...tiersMs) / 4))
  }

  /** @param points times in seconds after `epochMs` */
  take(points: readonly Arrival[], epochMs: number, source: string): void {
    for (const { at, value } of points) for (const tier of this.#tiersMs) this.#count(tier, epochMs + at * 1000, value)
    const latest = Math.max(...points.map(({ at }) => epochMs + at * 1000))
    const before = this.#sources.get(source)?.reachedMs ?? Number.NEGATIVE_INFINITY
    const reachedMs = Math.max(before, Math.min(latest, this.#nowMs))
    this.#sources.set(source, { reachedMs, lastSeenMs: this.#nowMs })
  }

  advanceTo(nowMs: number): void {
    const first = (Math.floor(this.#nowMs / this.#tickMs) + 1) * this.#tickMs
    for (let tick = first; tick <= nowMs; tick += this.#tickMs) this.#tick(tick)
    this.#nowMs = nowMs
  }

  #tick(nowMs: number): void {
    for (const [source, { lastSeenMs }] of this.#sources)
      if (nowMs - lastSeenMs >= this.#idleMs) this.#sources.delete(source)
    const isIdle = this.#sources.size === 0
    if (isIdle && this.#endMs <= this.#watermarkMs) return
    const all = [...this.#sources.values()].map(({ reachedMs }) => reachedMs)
    const least = Math.max(...all) - MAX_SOURCE_LAG_MS
    const reached = isIdle ? nowMs : Math.min(...all.filter(reachedMs => reachedMs >= least))
    this.#watermarkMs = Math.max(this.#watermarkMs, reached - this.#latenessMs)
  }

  #count(tierMs: number, atMs: number, value: number): void {
    const own = Math.floor(atMs / tierMs) * tierMs
    const isLate = own + tierMs <= this.#watermarkMs
    const start = isLate ? Math.floor(this.#watermarkMs / tierMs) * tierMs : own
    const key = cell(tierMs, isLate, start)
    this.sums.set(key, (this.sums.get(key) ?? 0) + value)
    this.#endMs = Math.max(this.#endMs, start + tierMs)
  }
}
