import { withRoom } from '../../model/columns.ts'
import type { Series } from '../../model/series.ts'
import { seriesBytes } from '../../model/series-bytes.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import type { GroupKind } from '../groups/group-kind.ts'
import type { Groups } from '../groups/groups.ts'
import { type CumulativePoint, CumulativeState, type Increment, type SavedCumulativeState } from './cumulative-state.ts'

/** The series is not counted here but passes through. */
export const PASS_THROUGH = -1
/** The series is cumulative: a point adds the difference to the point before. */
export const CUMULATIVE = -2
/** The series is cumulative, and no more of these can be remembered. */
export const TOO_MANY = -3
const UNKNOWN = -4

/** Most series that are remembered, and most memory of them in bytes. */
export interface LookupLimits {
  /** Series that are found fast. Series that never come again must not stay because of it. */
  readonly fast: number
  /** Memory of these. */
  readonly fastBytes: number
  /** Cumulative series. */
  readonly cumulative: number
  /** Memory of their identities. */
  readonly cumulativeBytes: number
}

/** The lookup's state on disk. */
export interface SavedSeriesLookup {
  readonly since: number
  readonly lastPoints: SavedCumulativeState
}

/** Finds the treatment of a series' points by the dense id of the series. */
export class SeriesLookup {
  #groups: Groups
  #kindOf: (series: Series) => GroupKind | undefined
  /** Increments of series that began before this are unknown until their second point. Unix ms. */
  #since: number
  #owner: (Series | undefined)[] = []
  #inserted = 0
  #insertedBytes = 0
  #limits: LookupLimits
  #slots = new Int32Array()
  /** Numbers of cumulative series in `#cumulative`. */
  #numbers = new Int32Array()
  #cumulative = new CumulativeState()

  /** @param kindOf the kind of group that a series is counted in; undefined if it passes through */
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

  /** Writes to `into` how much a point of a cumulative series adds, and its group; false if that cannot be told. */
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

  /**
   * Lets go of every series; of cumulative ones those with no point since `time`. `expiredSlots`: slots of groups
   * forgotten.
   */
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
    this.#inserted = this.#insertedBytes = 0
  }

  #insert(series: Series): number {
    const { fast, fastBytes } = this.#limits
    if (this.#inserted === fast || this.#insertedBytes >= fastBytes) this.#reset()
    this.#inserted++
    this.#insertedBytes += seriesBytes(series)
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
    const { cumulative, cumulativeBytes } = this.#limits
    const number = this.#cumulative.numberOf(series, cumulative, cumulativeBytes)
    if (number < 0) return TOO_MANY
    this.#numbers = withRoom(this.#numbers, series.id)
    this.#numbers[series.id] = number
    return CUMULATIVE
  }
}

// Points of other kinds are complete by themselves: a gauge has a level, a set has members, an event has happened.
function countsUp({ metric: { temporality } }: Series, kind: GroupKind): boolean {
  return temporality !== 'delta' && (kind === 'counter' || kind === 'histogram')
}
