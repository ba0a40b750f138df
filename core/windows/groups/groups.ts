import type { Attribute, Attributes } from '../../model/attributes.ts'
import { withRoom } from '../../model/columns.ts'
import { DerivedContexts } from '../../model/derived-contexts.ts'
import { metricKeys, NO_RESOURCE, NO_SCOPE, resourceKeys, scopeKeys } from '../../model/series.ts'
import { SeriesSlots } from '../../model/series-slots.ts'
import { KeyTable } from '../../model/series-table/key-table.ts'
import type { Series, SeriesTable } from '../../model/series-table/series-table.ts'
import { KeyCursor } from '../../model/series-table/stored-key.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import { EventMetrics } from '../input/event-metrics.ts'
import { GROUP_KINDS, type GroupKind } from './group-kind.ts'
import { asTexts, type Grouping } from './grouping.ts'
import { restoreSlots, type SavedSlots } from './saved-slots.ts'
import { SlotSet } from './slot-set.ts'

const OVERFLOW: Attribute = ['otel.metric.overflow', 'true']
/** Beyond the most groups each metric has one overflow group; beyond so many metrics, all share one a kind. */
export const MAX_OVERFLOW_GROUPS = 10_000
const OVERFLOW_NAME = 'weir.overflow'
const NEVER = Number.POSITIVE_INFINITY
/** Size of an identity with five attributes. */
const USUAL_IDENTITY_BYTES = 512
const SLOTS_PER_STEP = 1024

/** Groups on disk, in columns by slot. */
export interface SavedGroups {
  readonly identities: SavedSlots
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
  /** Slots of the groups that were given to series and events for want of room. */
  readonly overflowSlots = new Set<number>()
  #grouping: Grouping
  #max: number
  #quotaPerByte: number
  #table: SeriesTable
  /** A group's identity is a series: that of its points, or one made of it. */
  #slots: SeriesSlots
  /** Memory by which identities exceed the usual size, in bytes. */
  #oversize = 0
  #ofEvent = new Map<string, number>()
  #eventMetrics = new EventMetrics()
  readonly #key = new KeyCursor()
  /** By kind, the contexts of groups by the contexts of their points. */
  #contexts = new Map<GroupKind, DerivedContexts>()

  /**
   * @param quotaPerByte share of `max` that a group takes for each byte by which its identity exceeds the usual size
   */
  constructor(table: SeriesTable, grouping: Grouping, max: number, quotaPerByte = 0) {
    this.#table = table
    this.#slots = new SeriesSlots(table)
    this.#grouping = grouping
    this.#max = max
    this.#quotaPerByte = quotaPerByte
  }

  get size(): number {
    return this.#slots.size
  }

  /** All slots are below this. */
  get length(): number {
    return this.#slots.length
  }

  get bytes(): number {
    return this.#slots.bytes + this.lastActive.byteLength + this.kinds.byteLength * 2
  }

  kindOf(slot: number): GroupKind {
    return GROUP_KINDS[this.kinds[slot]]
  }

  /** The id of the series that is the identity of a group: output series are made from it. */
  identityOf(slot: number): number {
    return this.#slots.idOf(slot)
  }

  /** The slot of points of `series`, which are counted as `kind`. @param near as in {@link SeriesSlots.add} */
  ofSeries(series: Series, kind: GroupKind, near = -1): number {
    const { table, id } = series
    const context = this.#contextsOf(kind).of(table.contextIdOf(id))
    if (this.#grouping.keepsAll) return this.#slotOf(kind, table.idInContext(id, context), near)
    // Attributes are decoded when they are asked for, which takes a microsecond.
    const kept = this.#grouping.kept(series.attributes, series.resource, series.scope)
    const identity = table.idOf(table.context(context).metric, kept.attributes, kept.resource, kept.scope)
    return this.#slotOf(kind, identity, near)
  }

  ofEvent(name: string, all: Attributes): number {
    // Events have no resource that would tell the types of their senders apart.
    const attributes = asTexts(this.#grouping.kept(all, NO_RESOURCE, NO_SCOPE).attributes)
    const key = eventKey(name, attributes)
    const known = this.#ofEvent.get(key)
    if (known !== undefined) return known
    const slot = this.#slotOf('event', this.#table.idOf(this.#eventMetrics.of(name), attributes))
    if (!this.#isOverflow(this.identityOf(slot))) this.#ofEvent.set(key, slot)
    return slot
  }

  /** Expires groups last active before `time`, except slots with 1 in `inUse`; returns the slots it freed. */
  *expire(time: number, inUse: Uint8Array): Stepwise<SlotSet> {
    const expired = new SlotSet(this.length)
    for (let slot = 0; slot < this.length; slot++) {
      if (slot % SLOTS_PER_STEP === SLOTS_PER_STEP - 1) yield
      if (!this.#slots.isUsed(slot) || inUse[slot] === 1) continue
      // None of its points has counted so far: they came too late, for instance. It stays until the next time.
      if (this.lastActive[slot] === NEVER) this.lastActive[slot] = time
      if (this.lastActive[slot] >= time) continue
      this.#oversize -= this.#oversizeOf(this.#slots.idOf(slot))
      this.#slots.remove([slot])
      this.overflowSlots.delete(slot)
      expired.add(slot)
    }
    if (expired.slots.length > 0) yield* this.#expireEvents(expired)
    return expired
  }

  *save(): Stepwise<SavedGroups> {
    const { length } = this
    return {
      identities: yield* this.#slots.save(),
      kinds: this.kinds.subarray(0, length),
      hasValues: this.hasValues.subarray(0, length),
      lastActive: this.lastActive.subarray(0, length)
    }
  }

  restore({ identities, kinds, hasValues, lastActive }: SavedGroups): void {
    restoreSlots(this.#slots, identities)
    const shared = new Map<number, number>()
    for (let slot = 0; slot < this.length; slot++)
      if (this.#slots.isUsed(slot)) this.#oversize += this.#oversizeOf(this.#slots.idOf(slot), shared)
    this.kinds = kinds.slice()
    this.hasValues = hasValues.slice()
    this.lastActive = lastActive.slice()
  }

  *#expireEvents(expired: SlotSet): Stepwise<void> {
    let looked = 0
    for (const [key, slot] of this.#ofEvent) {
      if (expired.has(slot)) this.#ofEvent.delete(key)
      if (++looked % SLOTS_PER_STEP === 0) yield
    }
  }

  #contextsOf(kind: GroupKind): DerivedContexts {
    let contexts = this.#contexts.get(kind)
    if (contexts === undefined) {
      contexts = new DerivedContexts(this.#table, ({ metric, resource, scope }) => ({
        metric: kind === 'event' ? this.#eventMetrics.of(metric.name) : { ...metric, kind, temporality: 'delta' },
        resource,
        scope
      }))
      this.#contexts.set(kind, contexts)
    }
    return contexts
  }

  #slotOf(kind: GroupKind, identity: number, near = -1): number {
    const known = this.#slots.find(identity)
    if (known >= 0) return known
    const used = this.size + this.#oversize * this.#quotaPerByte
    const fits = used < this.#max || this.#isOverflow(identity)
    return fits ? this.#add(kind, identity, near) : this.#overflow(kind, identity)
  }

  /** The slot of the group that takes what has no group of its own. */
  #overflow(kind: GroupKind, identity: number): number {
    this.overflowed++
    const slot = this.#overflowSlot(kind, identity)
    this.overflowSlots.add(slot)
    return slot
  }

  #overflowSlot(kind: GroupKind, identity: number): number {
    const metric = this.#table.metricOf(identity)
    const ofMetric = this.#table.idOf(metric, [OVERFLOW])
    const known = this.#slots.find(ofMetric)
    if (known >= 0) return known
    if (this.size < this.#max + MAX_OVERFLOW_GROUPS) return this.#add(kind, ofMetric)
    const ofAll = this.#table.idOf({ ...metric, name: OVERFLOW_NAME, unit: '' }, [OVERFLOW])
    const shared = this.#slots.find(ofAll)
    return shared >= 0 ? shared : this.#add(kind, ofAll)
  }

  #add(kind: GroupKind, identity: number, near = -1): number {
    const slot = this.#slots.add(identity, near)
    this.#oversize += this.#oversizeOf(identity)
    this.kinds = withRoom(this.kinds, slot)
    this.hasValues = withRoom(this.hasValues, slot)
    this.lastActive = withRoom(this.lastActive, slot)
    this.kinds[slot] = GROUP_KINDS.indexOf(kind)
    this.hasValues[slot] = 0
    this.lastActive[slot] = NEVER
    return slot
  }

  /** @param shared kept between calls: by context, the memory of what its series share */
  #oversizeOf(identity: number, shared = new Map<number, number>()): number {
    const { start, end, parent } = this.#table.keyOf(identity, this.#key)
    let ofContext = shared.get(parent)
    if (ofContext === undefined) {
      const { metric, resource, scope } = this.#table.context(parent)
      ofContext = metricKeys.of(metric).length + resourceKeys.of(resource).length + scopeKeys.of(scope).length
      shared.set(parent, ofContext)
    }
    return Math.max(0, KeyTable.bytesOf(end - start) + ofContext - USUAL_IDENTITY_BYTES)
  }

  #isOverflow(identity: number): boolean {
    const { attributes } = this.#table.read(identity)
    return attributes.length === 1 && attributes[0][0] === OVERFLOW[0]
  }
}

function eventKey(name: string, attributes: Attributes): string {
  let key = name
  for (const [attribute, value] of attributes) key += `\0${attribute}\0${value}`
  return key
}
