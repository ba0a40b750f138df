import { FirstPoints, type SavedFirstPoints } from '../../model/first-points.ts'
import type { IdColumn } from '../../model/series-table/id-column.ts'
import type { SeriesColumn } from '../../model/series-table/series-column.ts'
import type { Series, SeriesTable } from '../../model/series-table/series-table.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import type { GroupKind } from '../groups/group-kind.ts'
import type { Groups } from '../groups/groups.ts'
import type { SlotSet } from '../groups/slot-set.ts'
import { type CumulativePoint, CumulativeState, type Increment, type SavedCumulativeState } from './cumulative-state.ts'

/** The series is not counted here but passes through. */
export const PASS_THROUGH = -1
/** The series is cumulative: a point adds the difference to the point before. */
export const CUMULATIVE = -2
/** The series is cumulative, and no more of these can be remembered. */
export const TOO_MANY = -3
/** Nobody has asked for the slot of the series yet. */
export const NOT_LOOKED_UP = -4
/** In its column a slot is this much higher: columns have no negative numbers. */
const RAISED_BY = -NOT_LOOKED_UP
/** Series that are looked at before the caller may do something else. */
const IDS_PER_STEP = 4096

/** By point of the block that a rule counts. Rules take turns, so there is one for all. */
let known = new Int32Array()

/** Most cumulative series that are remembered, and most memory of their identities in bytes. */
export interface LookupLimits {
  readonly cumulative: number
  readonly cumulativeBytes: number
}

/** The lookup's state on disk. */
export interface SavedSeriesLookup extends SavedFirstPoints {
  readonly lastPoints: SavedCumulativeState
}

/** Finds the treatment of a series' points by the dense id of the series. */
export class SeriesLookup {
  #groups: Groups
  #kindOf: (series: Series) => GroupKind | undefined
  #firstPoints: FirstPoints
  #limits: LookupLimits
  /** By id of the series, raised. */
  #slots: IdColumn
  /** Numbers of cumulative series in `#cumulative`. */
  #numbers: IdColumn
  #cumulative: CumulativeState

  /**
   * @param since first points of series that began before this add nothing, Unix ms
   * @param kindOf the kind of group that a series is counted in; undefined if it passes through
   */
  constructor(
    table: SeriesTable,
    groups: Groups,
    since: number,
    kindOf: (series: Series) => GroupKind | undefined,
    limits: LookupLimits
  ) {
    this.#groups = groups
    this.#limits = limits
    this.#firstPoints = new FirstPoints(since)
    this.#kindOf = kindOf
    this.#cumulative = new CumulativeState(table, this.#firstPoints)
    this.#slots = table.idColumn()
    this.#numbers = table.idColumn()
  }

  /**
   * What {@link slotOf} says of each point as far as its series was looked up before; {@link NOT_LOOKED_UP} of others. It
   * stands until the next call, for any rule. A loop that does nothing else lets the processor fetch many slots at a time.
   */
  knownSlots({ ids }: SeriesColumn): Int32Array {
    if (known.length < ids.length) known = new Int32Array(Math.max(ids.length, known.length * 2))
    for (let i = 0; i < ids.length; i++) known[i] = this.#slots.get(ids[i]) - RAISED_BY
    return known
  }

  /** The slot of the group of point `i`, {@link PASS_THROUGH}, {@link CUMULATIVE} or {@link TOO_MANY}. */
  slotOf(series: SeriesColumn, i: number): number {
    const slot = this.#slots.get(series.ids[i]) - RAISED_BY
    return slot === NOT_LOOKED_UP ? this.#insert(series.read(i), this.#slotBefore(series, i)) : slot
  }

  /** Writes to `into` how much point `i`, of a cumulative series, adds, and its group; false if that cannot be told. */
  increment(series: SeriesColumn, i: number, point: CumulativePoint, into: Increment): boolean {
    const number = this.#numbers.get(series.ids[i])
    if (!this.#cumulative.increment(number, point, into)) return false
    into.slot = this.#cumulative.groupOf(number)
    if (into.slot >= 0) return true
    const one = series.read(i)
    into.slot = this.#groups.ofSeries(one, this.#kindOf(one)!)
    this.#cumulative.setGroup(number, into.slot)
    return true
  }

  get bytes(): number {
    return this.#cumulative.bytes + this.#firstPoints.bytes
  }

  /**
   * Expires cumulative series with no point since `time`, and what is known of series whose groups have expired. If
   * that makes room, series that found none are looked up anew.
   */
  *expire(time: number, expired: SlotSet): Stepwise<void> {
    const silent = yield* this.#cumulative.expire(time, slot => expired.has(slot))
    for (const [i, id] of silent.entries()) {
      this.#slots.clear(id)
      if (i % IDS_PER_STEP === IDS_PER_STEP - 1) yield
    }
    if (expired.slots.length + silent.length > 0) yield* this.#clearOutdated(expired, silent.length > 0)
  }

  *save(): Stepwise<SavedSeriesLookup> {
    return { ...this.#firstPoints.save(), lastPoints: yield* this.#cumulative.save() }
  }

  restore(saved: SavedSeriesLookup): void {
    this.#firstPoints.restore(saved)
    this.#cumulative.restore(saved.lastPoints)
  }

  *#clearOutdated(expired: SlotSet, hasRoomForCumulative: boolean): Stepwise<void> {
    const { overflowSlots } = this.#groups
    const hasRoom = expired.slots.length > 0
    for (const page of this.#slots.pages) {
      if (page === undefined) continue
      for (let i = 0; i < page.length; i++) {
        const slot = page[i] - RAISED_BY
        const isOutdated =
          slot >= 0
            ? hasRoom && (expired.has(slot) || overflowSlots.has(slot))
            : slot === TOO_MANY && hasRoomForCumulative
        if (isOutdated) page[i] = NOT_LOOKED_UP + RAISED_BY
      }
      yield
    }
  }

  /** The slot of the point before point `i`; less than 0 if it has none. Series that come together have slots near each other. */
  #slotBefore({ ids }: SeriesColumn, i: number): number {
    return i === 0 ? NOT_LOOKED_UP : this.#slots.get(ids[i - 1]) - RAISED_BY
  }

  #insert(series: Series, near: number): number {
    const slot = this.#lookUp(series, near)
    this.#slots.set(series.id, slot + RAISED_BY)
    return slot
  }

  #lookUp(series: Series, near: number): number {
    const kind = this.#kindOf(series)
    if (kind === undefined) return PASS_THROUGH
    if (!countsUp(series, kind)) return this.#groups.ofSeries(series, kind, near)
    const { cumulative, cumulativeBytes } = this.#limits
    const number = this.#cumulative.numberOf(series.id, cumulative, cumulativeBytes)
    if (number < 0) return TOO_MANY
    this.#numbers.set(series.id, number)
    return CUMULATIVE
  }
}

// Points of other kinds are complete by themselves: a gauge has a level, a set has members, an event has happened.
function countsUp({ metric: { temporality } }: Series, kind: GroupKind): boolean {
  return temporality !== 'delta' && (kind === 'counter' || kind === 'histogram')
}
