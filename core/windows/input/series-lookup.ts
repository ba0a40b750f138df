import { withRoom } from '../../model/columns.ts'
import type { Series } from '../../model/series.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import type { GroupKind } from '../groups/group-kind.ts'
import type { Groups } from '../groups/groups.ts'
import { type CumulativePoint, CumulativeState, type Increment, type SavedCumulativeState } from './cumulative-state.ts'

/** Series that are not counted here but pass through. */
export const PASS_THROUGH = -1
/** Series that count up by themselves: what they add is the difference to the point before. */
export const CUMULATIVE = -2
/** Such a series, where no more of them can be remembered. */
export const TOO_MANY = -3
const UNKNOWN = -4

/** How many series are remembered of. */
export interface LookupLimits {
  /** Looked up fast at a time: those that come and never again must not stay because of it. */
  readonly fast: number
  /** That count up by themselves. */
  readonly cumulative: number
}

/** What is on disk. */
export interface SavedSeriesLookup {
  readonly since: number
  readonly lastPoints: SavedCumulativeState
}

/** What to do with points of a series, by its dense id. */
export class SeriesLookup {
  #groups: Groups
  #kindOf: (series: Series) => GroupKind | undefined
  /** Increments of series that began before this are unknown until their second point. Unix ms. */
  #since: number
  #owner: (Series | undefined)[] = []
  #inserted = 0
  #limits: LookupLimits
  #slots = new Int32Array()
  /** Of cumulative series: their numbers in `#cumulative`. */
  #numbers = new Int32Array()
  #cumulative = new CumulativeState()

  /** @param kindOf what a series is counted as; undefined where it passes through */
  constructor(groups: Groups, since: number, kindOf: (series: Series) => GroupKind | undefined, limits: LookupLimits) {
    this.#groups = groups
    this.#limits = limits
    this.#since = since
    this.#kindOf = kindOf
  }

  /** The group's slot, {@link PASS_THROUGH}, {@link CUMULATIVE} or {@link TOO_MANY}. */
  slotOf(series: Series): number {
    return this.#owner[series.id] === series ? this.#slots[series.id] : this.#insert(series)
  }

  /** What a point of a cumulative series adds, and to which group; false where that cannot be told. */
  increment(series: Series, point: CumulativePoint, into: Increment): boolean {
    const number = this.#numbers[series.id]
    if (!this.#cumulative.increment(number, point, this.#since, into)) return false
    into.slot = this.#cumulative.groupOf(number)
    if (into.slot >= 0) return true
    into.slot = this.#groups.ofSeries(series, this.#kindOf(series)!)
    this.#cumulative.setGroup(number, into.slot)
    return true
  }

  get bytes(): number {
    return this.#cumulative.bytes
  }

  /** Lets go of every series; of cumulative ones those with no point since `time`. `expiredSlots`: slots of groups forgotten. */
  expire(time: number, expiredSlots: readonly number[]): void {
    this.#reset()
    this.#cumulative.expire(time, new Set(expiredSlots))
  }

  *save(): Stepwise<SavedSeriesLookup> {
    return { since: this.#since, lastPoints: yield* this.#cumulative.save() }
  }

  restore({ since, lastPoints }: SavedSeriesLookup): void {
    this.#since = since
    this.#cumulative.restore(lastPoints)
  }

  #reset(): void {
    this.#owner = []
    this.#inserted = 0
  }

  #insert(series: Series): number {
    if (this.#inserted === this.#limits.fast) this.#reset()
    this.#inserted++
    this.#slots = withRoom(this.#slots, series.id, UNKNOWN)
    const slot = this.#lookUp(series)
    this.#owner[series.id] = series
    this.#slots[series.id] = slot
    return slot
  }

  #lookUp(series: Series): number {
    const kind = this.#kindOf(series)
    if (kind === undefined) return PASS_THROUGH
    if (!countsUp(series, kind)) return this.#groups.ofSeries(series, kind)
    const number = this.#cumulative.numberOf(series, this.#limits.cumulative)
    if (number < 0) return TOO_MANY
    this.#numbers = withRoom(this.#numbers, series.id)
    this.#numbers[series.id] = number
    return CUMULATIVE
  }
}

// Gauges say how much there is, sets who was there, events that something happened: all the same when told again.
function countsUp({ metric: { temporality } }: Series, kind: GroupKind): boolean {
  return temporality !== 'delta' && (kind === 'counter' || kind === 'histogram')
}
