import { type Attribute, type Attributes, attributeText } from '../../model/attributes.ts'
import { withRoom } from '../../model/columns.ts'
import { type Metric, NO_RESOURCE, NO_SCOPE } from '../../model/series.ts'
import type { Series } from '../../model/series-table/series-table.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import { EventMetrics } from '../input/event-metrics.ts'
import { GROUP_KINDS, type GroupKind } from './group-kind.ts'
import type { Grouping } from './grouping.ts'
import { type Identity, IdentityTable, type SavedIdentityTable } from './identity-table.ts'

const OVERFLOW: Attribute = ['otel.metric.overflow', 'true']
/** Beyond the most groups each metric has one overflow group; beyond so many metrics, all share one a kind. */
export const MAX_OVERFLOW_GROUPS = 10_000
const OVERFLOW_NAME = 'weir.overflow'
const NEVER = Number.POSITIVE_INFINITY

/** Groups on disk, in columns by slot. */
export interface SavedGroups {
  readonly identities: SavedIdentityTable
  readonly kinds: Uint8Array
  readonly hasValues: Uint8Array
  readonly lastActive: Float64Array
}

/** Gives each group a dense slot, by the series or event that belongs to it. Columns are by slot. */
export class Groups {
  /** Index into {@link GROUP_KINDS}. */
  kinds = new Uint8Array()
  /** 1 if an event of the group ever had a value other than 1; only then is the sum of values worth a series. */
  hasValues = new Uint8Array()
  /** Unix ms of the last pane that had something for it; {@link NEVER} before. */
  lastActive = new Float64Array()
  overflowed = 0
  #grouping: Grouping
  #max: number
  #quotaPerByte: number
  #identities = new IdentityTable()
  #ofEvent = new Map<string, number>()
  #eventMetrics = new EventMetrics()
  /** The metric of groups, by the metric of their points: thousands share one. */
  #metrics = new WeakMap<Metric, Metric>()

  /**
   * @param quotaPerByte share of `max` that a group takes for each byte by which its identity exceeds the usual size
   */
  constructor(grouping: Grouping, max: number, quotaPerByte = 0) {
    this.#grouping = grouping
    this.#max = max
    this.#quotaPerByte = quotaPerByte
  }

  get size(): number {
    return this.#identities.size
  }

  /** All slots are below this. */
  get length(): number {
    return this.#identities.length
  }

  get bytes(): number {
    return this.#identities.bytes
  }

  kindOf(slot: number): GroupKind {
    return GROUP_KINDS[this.kinds[slot]]
  }

  /** The identity that output series are made from. */
  identityOf(slot: number): Identity {
    return this.#identities.at(slot)
  }

  /** The slot of points of `series`, which are counted as `kind`. */
  ofSeries({ metric, attributes, resource, scope }: Series, kind: GroupKind): number {
    const kept = this.#grouping.kept(attributes, resource, scope)
    return this.#slotOf(kind, { metric: this.#metricOf(metric, kind), ...kept })
  }

  ofEvent(name: string, all: Attributes): number {
    const { attributes } = this.#grouping.kept(all, NO_RESOURCE, NO_SCOPE)
    const key = eventKey(name, attributes)
    const known = this.#ofEvent.get(key)
    if (known !== undefined) return known
    const identity = { metric: this.#eventMetrics.of(name), attributes, resource: NO_RESOURCE, scope: NO_SCOPE }
    const slot = this.#slotOf('event', identity)
    if (!isOverflow(this.identityOf(slot).attributes)) this.#ofEvent.set(key, slot)
    return slot
  }

  /** Expires groups last active before `time`, except slots with 1 in `inUse`; returns the slots it freed. */
  expire(time: number, inUse: Uint8Array): number[] {
    const expired: number[] = []
    for (let slot = 0; slot < this.length; slot++) {
      if (!this.#identities.isUsed(slot) || inUse[slot] === 1) continue
      // None of its points has counted so far: they came too late, for instance. It stays until the next time.
      if (this.lastActive[slot] === NEVER) this.lastActive[slot] = time
      if (this.lastActive[slot] >= time) continue
      expired.push(slot)
    }
    this.#identities.remove(expired)
    if (expired.length > 0) this.#ofEvent.clear()
    return expired
  }

  *save(): Stepwise<SavedGroups> {
    const { length } = this
    return {
      identities: yield* this.#identities.save(),
      kinds: this.kinds.subarray(0, length),
      hasValues: this.hasValues.subarray(0, length),
      lastActive: this.lastActive.subarray(0, length)
    }
  }

  restore({ identities, kinds, hasValues, lastActive }: SavedGroups): void {
    this.#identities.restore(identities)
    this.kinds = kinds.slice()
    this.hasValues = hasValues.slice()
    this.lastActive = lastActive.slice()
  }

  #metricOf(metric: Metric, kind: GroupKind): Metric {
    const known = this.#metrics.get(metric)
    if (known !== undefined) return known
    const made =
      kind === 'event' ? this.#eventMetrics.of(metric.name) : ({ ...metric, kind, temporality: 'delta' } as const)
    this.#metrics.set(metric, made)
    return made
  }

  #slotOf(kind: GroupKind, identity: Identity): number {
    const known = this.#identities.find(identity)
    if (known >= 0) return known
    const used = this.size + this.#identities.oversize * this.#quotaPerByte
    if (used >= this.#max && !isOverflow(identity.attributes)) {
      this.overflowed++
      return this.#slotOf(kind, overflowOf(identity.metric))
    }
    if (this.size >= this.#max + MAX_OVERFLOW_GROUPS && identity.metric.name !== OVERFLOW_NAME)
      return this.#slotOf(kind, overflowOf({ ...identity.metric, name: OVERFLOW_NAME, unit: '' }))
    const slot = this.#identities.add(identity)
    this.kinds = withRoom(this.kinds, slot)
    this.hasValues = withRoom(this.hasValues, slot)
    this.lastActive = withRoom(this.lastActive, slot)
    this.kinds[slot] = GROUP_KINDS.indexOf(kind)
    this.hasValues[slot] = 0
    this.lastActive[slot] = NEVER
    return slot
  }
}

function overflowOf(metric: Metric): Identity {
  return { metric, attributes: [OVERFLOW], resource: NO_RESOURCE, scope: NO_SCOPE }
}

function isOverflow(attributes: Attributes): boolean {
  return attributes.length === 1 && attributes[0][0] === OVERFLOW[0]
}

function eventKey(name: string, attributes: Attributes): string {
  let key = name
  for (const [attribute, value] of attributes) key += `\0${attribute}\0${typeof value}${attributeText(value)}`
  return key
}
