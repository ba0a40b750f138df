import type { Series } from '../model/series.ts'
import { seriesBytes } from '../model/series-bytes.ts'
import type { Stepwise } from '../model/stepwise.ts'
import { withRoom } from './columns.ts'
import type { GroupKind, Groups } from './groups.ts'
import { type Increment, type LastPoint, LastPoints, type SavedLastPoints } from './last-points.ts'

/** Series that are not counted here but pass through. */
export const PASS_THROUGH = -1
/** Series that count up by themselves: what they add is the difference to the point before. */
export const CUMULATIVE = -2
/** Such a series, where no more of them can be remembered. */
export const TOO_MANY = -3
const UNKNOWN = -4

/** How many series are remembered of. */
export interface InputLimits {
  /** Looked up fast at a time: those that come and never again must not stay because of it. */
  readonly fast: number
  /** Memory of these. */
  readonly fastBytes: number
  /** That count up by themselves. */
  readonly cumulative: number
  /** Memory of their identities. */
  readonly cumulativeBytes: number
}

/** What is on disk. */
export interface SavedInputs {
  readonly since: number
  readonly lastPoints: SavedLastPoints
}

/** What to do with points of a series, by its dense id. */
export class Inputs {
  #groups: Groups
  #kindOf: (series: Series) => GroupKind | undefined
  /** Increments of series that began before this are unknown until their second point. Unix ms. */
  #since: number
  #owner: (Series | undefined)[] = []
  #entered = 0
  #enteredBytes = 0
  #limits: InputLimits
  #slots = new Int32Array()
  /** Of cumulative series: their numbers in `#lastPoints`. */
  #numbers = new Int32Array()
  #lastPoints = new LastPoints()

  /** @param kindOf what a series is counted as; undefined where it passes through */
  constructor(groups: Groups, since: number, kindOf: (series: Series) => GroupKind | undefined, limits: InputLimits) {
    this.#groups = groups
    this.#limits = limits
    this.#since = since
    this.#kindOf = kindOf
  }

  /** The group's slot, {@link PASS_THROUGH}, {@link CUMULATIVE} or {@link TOO_MANY}. */
  slotOf(series: Series): number {
    return this.#owner[series.id] === series ? this.#slots[series.id] : this.#enter(series)
  }

  /** What a point of a cumulative series adds, and to which group; false where that cannot be told. */
  increment(series: Series, point: LastPoint, into: Increment): boolean {
    const number = this.#numbers[series.id]
    if (!this.#lastPoints.increment(number, point, this.#since, into)) return false
    into.slot = this.#lastPoints.groupOf(number)
    if (into.slot >= 0) return true
    into.slot = this.#groups.ofSeries(series, this.#kindOf(series)!)
    this.#lastPoints.setGroup(number, into.slot)
    return true
  }

  get bytes(): number {
    return this.#lastPoints.bytes
  }

  /** Lets go of every series; of cumulative ones those with no point since `time`. `gone`: slots of groups forgotten. */
  expire(time: number, gone: readonly number[]): void {
    this.#letGo()
    this.#lastPoints.expire(time, new Set(gone))
  }

  *save(): Stepwise<SavedInputs> {
    return { since: this.#since, lastPoints: yield* this.#lastPoints.save() }
  }

  restore({ since, lastPoints }: SavedInputs): void {
    this.#since = since
    this.#lastPoints.restore(lastPoints)
  }

  #letGo(): void {
    this.#owner = []
    this.#entered = this.#enteredBytes = 0
  }

  #enter(series: Series): number {
    if (this.#entered === this.#limits.fast || this.#enteredBytes >= this.#limits.fastBytes) this.#letGo()
    this.#entered++
    this.#enteredBytes += seriesBytes(series)
    this.#slots = withRoom(this.#slots, series.id, UNKNOWN)
    const slot = this.#treatmentOf(series)
    this.#owner[series.id] = series
    this.#slots[series.id] = slot
    return slot
  }

  #treatmentOf(series: Series): number {
    const kind = this.#kindOf(series)
    if (kind === undefined) return PASS_THROUGH
    if (!countsUp(series, kind)) return this.#groups.ofSeries(series, kind)
    const number = this.#lastPoints.numberOf(series, this.#limits.cumulative, this.#limits.cumulativeBytes)
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
