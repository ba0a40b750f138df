import { KeyCache, type Resource, resourceKeys } from './series.ts'
import { Murmur3 } from './sketch/murmur3.ts'
import { hasKnownStart } from './start-time.ts'

/** Processes that may end before the starts of the oldest of them count for all resources. */
const MOST_RESOURCES = 10_000
/** Resources are removed many at a time, for all are sorted first. */
const MOST_BEFORE_REMOVAL = MOST_RESOURCES * 1.25
/** A series is taken for new if it began after those that may have been counted. */
const JUST_AFTER_MS = 0.001
/** As measured. */
const BYTES_PER_RESOURCE = 80
const HIGH_FACTOR = 2 ** 21
const LOW_SHIFT = 11

/** Most memory of {@link FirstPoints}, in bytes. */
export const FIRST_POINTS_BYTES = MOST_BEFORE_REMOVAL * BYTES_PER_RESOURCE

/** The state on disk. */
export interface SavedFirstPoints {
  readonly since: number
  /** Columns. None in states of older versions, whose `since` is after the starts of all discarded writers. */
  readonly discarded?: { readonly resources: Float64Array; readonly starts: Float64Array } | undefined
}

/**
 * Decides whether the first point of a cumulative series adds all that it counts. It does unless that may have been
 * counted already: before anybody looked, or by a writer that was discarded since. A writer belongs to a process, which
 * is known by its resource. So a process that ended does not make those doubtful that go on. All times are in Unix ms.
 */
export class FirstPoints {
  /** Series of any resource that began before this may have been counted. */
  #since: number
  /**
   * By hash of the resource: the latest start of its discarded writers. Two resources with the same hash count as one:
   * that may lose a first point, and counts none twice.
   */
  #discarded = new Map<number, number>()

  constructor(since: number) {
    this.#since = since
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.#discarded.size * BYTES_PER_RESOURCE
  }

  /** True if a writer's first point, of these times, adds all that it counts. */
  addsAll(resource: Resource, start: number, time: number): boolean {
    if (start < this.#since || !hasKnownStart(start, time)) return false
    return this.#discarded.size === 0 || start > this.#latestStartOf(hashes.of(resource))
  }

  /**
   * A writer that began at `start` is no longer remembered: when it comes back, it must not count from there once more.
   * A start after `now` counts as `now`, so that it does not make all others wait.
   */
  addDiscarded(resource: Resource, start: number, now: number): void {
    const known = Math.min(start, now)
    if (known < this.#since) return
    const hash = hashes.of(resource)
    if (known <= this.#latestStartOf(hash)) return
    this.#discarded.set(hash, known)
    if (this.#discarded.size > MOST_BEFORE_REMOVAL) this.#removeOldest()
  }

  save(): SavedFirstPoints {
    const resources = Float64Array.from(this.#discarded.keys())
    return { since: this.#since, discarded: { resources, starts: Float64Array.from(this.#discarded.values()) } }
  }

  /** Restores into a new object. */
  restore({ since, discarded }: SavedFirstPoints): void {
    this.#since = since
    if (discarded === undefined) return
    for (const [i, hash] of discarded.resources.entries()) this.#discarded.set(hash, discarded.starts[i])
  }

  #latestStartOf(hash: number): number {
    return this.#discarded.get(hash) ?? Number.NEGATIVE_INFINITY
  }

  // The earliest starts, whenever they were discarded: so fewest others become doubtful.
  #removeOldest(): void {
    const starts = Float64Array.from(this.#discarded.values()).sort()
    this.#since = starts[starts.length - MOST_RESOURCES - 1] + JUST_AFTER_MS
    for (const [hash, start] of this.#discarded) if (start < this.#since) this.#discarded.delete(hash)
  }
}

const murmur = new Murmur3()
const words = new Uint32Array(4)
/** Whole numbers below 2^53, the same in every process. */
const hashes = new KeyCache<Resource, number>(resource => {
  murmur.reset().text(resourceKeys.of(resource)).finish(words)
  return words[0] * HIGH_FACTOR + (words[1] >>> LOW_SHIFT)
})
