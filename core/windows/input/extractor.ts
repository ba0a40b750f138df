import { type AttributeValue, attributeNumber, attributeText, findAttribute } from '../../model/attributes.ts'
import { additiveSum, numberOf } from '../../model/distribution.ts'
import type { EventBlock } from '../../model/events.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlock } from '../../model/points.ts'
import type { Account } from '../../telemetry/account.ts'
import { aggregationOf } from '../aggregations/index.ts'
import type { Groups } from '../groups/groups.ts'
import type { RuleSettings } from '../settings.ts'
import type { CumulativePoint } from './cumulative-state.ts'
import { COUNTED, DROPPED, newObservation, type Recording } from './observation.ts'
import { CUMULATIVE, type SeriesLookup } from './series-lookup.ts'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** `observation` has the item's contribution. */
export const READY = 0

/** Extracts the contribution of a point or event, for one rule. */
export class Extractor {
  /** The contribution of the item extracted last. */
  readonly observation = newObservation()
  /** One object serves all points. */
  readonly #cumulative: Mutable<CumulativePoint> = { start: 0, time: 0, sum: 0, count: 0, histogram: undefined }
  #attribute: string | undefined
  /** True if an aggregated attribute must be a number. */
  #wantsNumber: boolean
  #lookup: SeriesLookup
  #groups: Groups
  #account: Account

  constructor({ attribute, aggregations }: RuleSettings, inputs: SeriesLookup, groups: Groups, account: Account) {
    this.#attribute = attribute
    this.#wantsNumber = aggregations?.some(name => aggregationOf(name).needsNumbers) ?? true
    this.#lookup = inputs
    this.#groups = groups
    this.#account = account
  }

  /** @param slot the answer of `SeriesLookup.slotOf` for its series @param at the instant at which it counts, Unix ms */
  point(block: PointBlock, i: number, slot: number, at: number): Recording | typeof READY {
    if ((block.flags[i] & FLAG_NO_RECORDED_VALUE) !== 0) return COUNTED
    this.#begin(slot, at)
    if (this.#attribute !== undefined) {
      const { attributes, resource } = block.series.at(i)
      return this.#valueOf(
        findAttribute(attributes, this.#attribute) ?? findAttribute(resource.attributes, this.#attribute)
      )
    }
    const distribution = block.distributions.get(i)
    if (distribution?.kind === 'set' || distribution?.kind === 'distinct') {
      this.observation.members = distribution
      return this.#sum(numberOf(distribution), 1)
    }
    return this.#number(block, i, slot)
  }

  event({ name, attributes, time, value }: EventBlock, i: number): Recording | typeof READY {
    this.#begin(this.#groups.ofEvent(name[i], attributes[i]), time[i])
    if (this.#attribute !== undefined) return this.#valueOf(findAttribute(attributes[i], this.#attribute))
    if (!Number.isFinite(value[i])) return this.#drop('not_a_number')
    if (value[i] !== 1) this.#groups.hasValues[this.observation.slot] = 1
    return this.#value(value[i])
  }

  #begin(slot: number, time: number): void {
    const { observation } = this
    observation.slot = slot
    observation.time = time
    observation.value = observation.min = observation.max = Number.NaN
    observation.histogram = undefined
    observation.members = undefined
    observation.member = undefined
  }

  #number(block: PointBlock, i: number, slot: number): Recording | typeof READY {
    const distribution = block.distributions.get(i)
    const isHistogram = distribution?.kind === 'histogram' || distribution?.kind === 'exponential_histogram'
    const histogram = isHistogram ? distribution : undefined
    const sum = histogram === undefined ? block.value[i] : additiveSum(histogram)
    // A histogram may come without a sum; its count counts all the same.
    const isUnknown = histogram !== undefined && Number.isNaN(sum)
    if (!isUnknown && !Number.isFinite(sum)) return this.#drop('not_a_number')
    if (sum < 0 && block.series.metricOf(i).kind === 'counter') return this.#drop('negative_increment')
    const { observation } = this
    if (slot === CUMULATIVE) {
      const point = this.#cumulative
      point.start = block.start[i]
      point.time = block.time[i]
      point.sum = sum
      point.count = histogram?.count ?? 0
      point.histogram = histogram
      if (!this.#lookup.increment(block.series, i, point, observation)) return COUNTED
      if (histogram === undefined) return this.#value(observation.sum)
      observation.sum = additiveSum(observation)
    } else {
      if (histogram === undefined) return this.#value(sum)
      observation.histogram = histogram
      this.#sum(sum, histogram.count)
    }
    observation.min = observation.histogram!.min
    observation.max = observation.histogram!.max
    return READY
  }

  /** An attribute instead of the item's value. */
  #valueOf(attribute: AttributeValue | undefined): Recording | typeof READY {
    if (attribute === undefined || attribute === null) return this.#drop('missing_attribute')
    this.observation.member = attributeText(attribute)
    if (!this.#wantsNumber) return this.#sum(0, 1)
    const value = attributeNumber(attribute)
    return Number.isFinite(value) ? this.#value(value) : this.#drop('not_a_number')
  }

  #value(value: number): typeof READY {
    const { observation } = this
    observation.value = observation.min = observation.max = value
    return this.#sum(value, 1)
  }

  #sum(sum: number, count: number): typeof READY {
    this.observation.sum = sum
    this.observation.count = count
    return READY
  }

  #drop(reason: string): typeof DROPPED {
    this.#account.drop(reason)
    return DROPPED
  }
}
