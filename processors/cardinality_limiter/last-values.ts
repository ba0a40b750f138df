import { hasKnownStart } from '../../core/model/start-time.ts'
import type { Distribution } from '../../sdk/plugin/index.ts'
import { countOf, sizeOf, subtractDistributions } from './additive-values.ts'

/** Numbers of a distribution that cost as much as an entry. */
const NUMBERS_PER_ENTRY = 16
const JUST_AFTER_MS = 0.001

/** The last point of a cumulative series. */
export interface Last {
  /** Unix ms; 0 if the sender names none. */
  readonly start: number
  readonly time: number
  readonly value: number
  readonly distribution: Distribution | undefined
  /** Present if the series was tracked when it had this point, and not folded into another; as in `TrackedSeries`. */
  readonly own?: { readonly base: Last | undefined; readonly needsStartPoint: boolean }
}

/** The difference that a cumulative point makes to the one before. */
export interface Increment {
  readonly value: number
  readonly distribution: Distribution | undefined
}

export function isNewer(point: Last, last: Last): boolean {
  return point.start === last.start ? point.time > last.time : point.start > last.start
}

/** @param isMonotonic whether a smaller value means that the series began anew @param point a newer one than `last` */
export function hasBegunAnew(point: Last, last: Last, isMonotonic: boolean): boolean {
  return point.start > last.start || hasReset(point, last, isMonotonic)
}

/** Undefined if that is not known. @param point with `isMonotonic` as in {@link hasBegunAnew} */
export function incrementOf(point: Last, last: Last, isMonotonic: boolean): Increment | undefined {
  if (point.start > last.start) return hasKnownStart(point.start, point.time) ? point : undefined
  if (hasReset(point, last, isMonotonic)) return point
  if (point.distribution === undefined) return { value: point.value - last.value, distribution: undefined }
  return {
    value: point.value - last.value,
    distribution: subtractDistributions(point.distribution, last.distribution!)
  }
}

function hasReset(point: Last, last: Last, isMonotonic: boolean): boolean {
  if (point.distribution !== undefined)
    return last.distribution === undefined || countOf(point.distribution) < countOf(last.distribution)
  return isMonotonic && point.value < last.value
}

/**
 * Last points of series that are folded into others. They are bounded: the half seen longest ago is evicted as one. An
 * evicted series must not count again from its start when it comes back, so starts are trusted from {@link since} on.
 */
export class LastValues {
  /** Series that began then or later were never counted before they are known here. Unix ms. */
  since: number
  evicted = 0
  readonly #maxCost: number
  #young = new Map<string, Last>()
  #old = new Map<string, Last>()
  #youngCost = 0
  /** The latest time of the points that are evicted next. */
  #youngLatest = Number.NEGATIVE_INFINITY
  #oldLatest = Number.NEGATIVE_INFINITY

  constructor(maxEntries: number, since: number) {
    this.#maxCost = maxEntries / 2
    this.since = since
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** Returns and removes the last point of `key`. */
  remove(key: string): Last | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) {
      this.#young.delete(key)
      this.#youngCost -= costOf(young)
      return young
    }
    const old = this.#old.get(key)
    this.#old.delete(key)
    return old
  }

  /** @param now Unix ms: a point ahead of the clock must not make every later start doubtful */
  put(key: string, last: Last, now: number): void {
    const cost = costOf(last)
    if (this.#youngCost + cost > this.#maxCost) this.#age()
    this.#young.set(key, last)
    this.#youngCost += cost
    this.#youngLatest = Math.max(this.#youngLatest, Math.min(last.time, now))
  }

  save(): unknown {
    return {
      since: this.since,
      young: [...this.#young].map(toSaved),
      old: [...this.#old].map(toSaved),
      latest: [this.#youngLatest, this.#oldLatest]
    }
  }

  restore(saved: unknown): void {
    const { since, young, old, latest } = saved as {
      since: number
      young: SavedLast[]
      old: SavedLast[]
      latest: [number, number]
    }
    this.since = since
    this.#young = new Map(young.map(fromSaved))
    this.#old = new Map(old.map(fromSaved))
    this.#youngCost = [...this.#young.values()].reduce((sum, last) => sum + costOf(last), 0)
    this.#youngLatest = latest[0]
    this.#oldLatest = latest[1]
  }

  #age(): void {
    this.evicted += this.#old.size
    if (this.#old.size > 0) this.since = Math.max(this.since, this.#oldLatest + JUST_AFTER_MS)
    this.#old = this.#young
    this.#oldLatest = this.#youngLatest
    this.#young = new Map()
    this.#youngCost = 0
    this.#youngLatest = Number.NEGATIVE_INFINITY
  }
}

const costOf = ({ distribution }: Last) =>
  1 + (distribution === undefined ? 0 : sizeOf(distribution) / NUMBERS_PER_ENTRY)

type SavedLast = [
  key: string,
  Omit<Last, 'own'> & { readonly own?: { readonly base: Last | undefined; readonly owesZero: boolean } }
]

function toSaved([key, last]: [string, Last]): SavedLast {
  const { own, ...point } = last
  return [key, own === undefined ? point : { ...point, own: { base: own.base, owesZero: own.needsStartPoint } }]
}

function fromSaved([key, { own, ...point }]: SavedLast): [string, Last] {
  return [key, own === undefined ? point : { ...point, own: { base: own.base, needsStartPoint: own.owesZero } }]
}
