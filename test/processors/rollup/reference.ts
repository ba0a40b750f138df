export interface Arrival {
  /** Event time, seconds. */
  readonly at: number
  readonly value: number
}

export const cell = (tierMs: number, isLate: boolean, startMs: number) =>
  `${tierMs} ${isLate ? 'late' : 'in time'} ${startMs}`

/**
 * What a rollup must put out of counters of one source, worked out the slow and obvious way, without merging: each point,
 * when it comes, is looked at once for each tier. Where its interval has not been sent it counts there, else as late in the
 * one that is open.
 */
export class Reference {
  /** By {@link cell}. */
  readonly sums = new Map<string, number>()
  #tiersMs: readonly number[]
  #latenessMs: number
  #idleMs: number
  #nowMs: number
  #tickMs: number
  #reachedMs = Number.NEGATIVE_INFINITY
  #lastSeenMs = Number.NEGATIVE_INFINITY
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
  take(points: readonly Arrival[], epochMs: number): void {
    for (const { at, value } of points) for (const tier of this.#tiersMs) this.#count(tier, epochMs + at * 1000, value)
    const latest = Math.max(...points.map(({ at }) => epochMs + at * 1000))
    this.#reachedMs = Math.max(this.#reachedMs, Math.min(latest, this.#nowMs))
    this.#lastSeenMs = this.#nowMs
  }

  advanceTo(nowMs: number): void {
    const first = (Math.floor(this.#nowMs / this.#tickMs) + 1) * this.#tickMs
    for (let tick = first; tick <= nowMs; tick += this.#tickMs) this.#tick(tick)
    this.#nowMs = nowMs
  }

  #tick(nowMs: number): void {
    if (nowMs - this.#lastSeenMs >= this.#idleMs) this.#reachedMs = Number.NEGATIVE_INFINITY
    const isIdle = this.#reachedMs === Number.NEGATIVE_INFINITY
    if (isIdle && this.#endMs <= this.#watermarkMs) return
    this.#watermarkMs = Math.max(this.#watermarkMs, (isIdle ? nowMs : this.#reachedMs) - this.#latenessMs)
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
