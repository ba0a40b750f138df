import { type Attribute, type Attributes, attributeText, findAttribute, sortAttributes } from '../model/attributes.ts'
import {
  type Metric,
  type MetricKind,
  NO_RESOURCE,
  NO_SCOPE,
  type Resource,
  type Scope,
  type Series,
  type SeriesRegistry
} from '../model/series.ts'

const OVERFLOW: Attribute = ['otel.metric.overflow', 'true']
/** Beyond `max_groups` each metric has one group; beyond as many metrics, all share one a kind. */
const MAX_OVERFLOW_GROUPS = 10_000
const OVERFLOW_NAME = 'weir.overflow'
const MAX_EVENT_METRICS = 10_000
const EVENT_METRIC = { unit: '{event}', description: '', kind: 'counter', temporality: 'delta' } as const

/**
 * What is counted together. A `counter` and an `up_down_counter` are summed; a `histogram` adds up all that can be; of
 * `event`s both the number and the sum of their values are counters; of a `set` distinct members are counted.
 */
export type GroupKind = 'counter' | 'up_down_counter' | 'histogram' | 'event' | 'set'

export interface Group {
  readonly slot: number
  readonly kind: GroupKind
  /** Its identity: what the output series are named after. */
  readonly base: Series
  /** Unix ms of the last pane that had something for it. */
  lastActive: number
  /** Whether an event of it ever had a value other than 1; only then is the sum of values worth a series. */
  hasValues: boolean
}

/** Gives each group a dense slot, by the series or event that belongs to it. */
export class Groups {
  #series: SeriesRegistry
  #by: readonly string[] | undefined
  #max: number
  #groups: (Group | undefined)[] = []
  #freeSlots: number[] = []
  #ofBase = new Map<Series, Group>()
  #ofEvent = new Map<string, Group>()
  #eventMetrics = new Map<string, Metric>()
  /** What groups of a metric are of: thousands share one. */
  #metrics = new WeakMap<Metric, Metric>()
  overflowed = 0

  constructor(series: SeriesRegistry, by: readonly string[] | undefined, max: number) {
    this.#series = series
    this.#by = by
    this.#max = max
  }

  get size(): number {
    return this.#ofBase.size
  }

  at(slot: number): Group {
    return this.#groups[slot]!
  }

  *all(): Generator<Group> {
    for (const group of this.#groups) if (group !== undefined) yield group
  }

  /** The group of points of `series`, which is counted as `kind`. */
  ofSeries(series: Series, kind: GroupKind): Group {
    const metric = this.#metricOf(series.metric, kind)
    if (this.#by === undefined) return this.#ofIdentity(kind, metric, series.attributes, series.resource, series.scope)
    return this.#ofIdentity(kind, metric, pick(this.#by, series.attributes, series.resource), NO_RESOURCE, NO_SCOPE)
  }

  ofEvent(name: string, attributes: Attributes): Group {
    const kept = this.#by === undefined ? attributes : pick(this.#by, attributes, NO_RESOURCE)
    const key = eventKey(name, kept)
    const known = this.#ofEvent.get(key)
    if (known !== undefined) return known
    const group = this.#ofIdentity('event', this.#eventMetric(name), kept, NO_RESOURCE, NO_SCOPE)
    if (!isOverflow(group.base.attributes)) this.#ofEvent.set(key, group)
    return group
  }

  /** Puts back a group that was saved; used before anything else is. */
  restore(group: Group): void {
    this.#groups[group.slot] = group
    this.#ofBase.set(group.base, group)
  }

  /** Call after the last {@link restore}: slots between restored ones are free. */
  restored(): void {
    for (let slot = 0; slot < this.#groups.length; slot++)
      if (this.#groups[slot] === undefined) this.#freeSlots.push(slot)
  }

  /** Forgets groups last active before `time`, but for the slots `inUse`; returns the slots it freed. */
  expire(time: number, inUse: ReadonlySet<number>): number[] {
    const gone: number[] = []
    for (const { slot, base, lastActive } of this.all()) {
      if (lastActive >= time || inUse.has(slot)) continue
      this.#groups[slot] = undefined
      this.#ofBase.delete(base)
      this.#freeSlots.push(slot)
      gone.push(slot)
    }
    if (gone.length > 0) this.#ofEvent.clear()
    return gone
  }

  #eventMetric(name: string): Metric {
    const known = this.#eventMetrics.get(name)
    if (known !== undefined) return known
    const made: Metric = { ...EVENT_METRIC, name }
    if (this.#eventMetrics.size >= MAX_EVENT_METRICS) this.#eventMetrics.clear()
    this.#eventMetrics.set(name, made)
    return made
  }

  #metricOf(metric: Metric, kind: GroupKind): Metric {
    const known = this.#metrics.get(metric)
    if (known !== undefined) return known
    const outputKind: MetricKind = kind === 'event' ? 'counter' : kind
    const made: Metric = { ...metric, kind: outputKind, temporality: 'delta' }
    this.#metrics.set(metric, made)
    return made
  }

  #ofIdentity(kind: GroupKind, metric: Metric, attributes: Attributes, resource: Resource, scope: Scope): Group {
    const base = this.#series.intern(metric, attributes, resource, scope)
    const known = this.#ofBase.get(base)
    if (known !== undefined) return known
    if (this.size >= this.#max && !isOverflow(attributes)) {
      this.overflowed++
      return this.#ofIdentity(kind, metric, [OVERFLOW], NO_RESOURCE, NO_SCOPE)
    }
    if (this.size >= this.#max + MAX_OVERFLOW_GROUPS && metric.name !== OVERFLOW_NAME) {
      return this.#ofIdentity(kind, { ...metric, name: OVERFLOW_NAME, unit: '' }, [OVERFLOW], NO_RESOURCE, NO_SCOPE)
    }
    const slot = this.#freeSlots.pop() ?? this.#groups.length
    const group: Group = { slot, kind, base, lastActive: Number.POSITIVE_INFINITY, hasValues: false }
    this.#groups[slot] = group
    this.#ofBase.set(base, group)
    return group
  }
}

function isOverflow(attributes: Attributes): boolean {
  return attributes.length === 1 && attributes[0][0] === OVERFLOW[0]
}

function pick(by: readonly string[], attributes: Attributes, resource: Resource): Attributes {
  const picked: Attribute[] = []
  for (const key of by) {
    const value = findAttribute(attributes, key) ?? findAttribute(resource.attributes, key)
    if (value !== undefined) picked.push([key, value])
  }
  return sortAttributes(picked)
}

function eventKey(name: string, attributes: Attributes): string {
  let key = name
  for (const [attribute, value] of attributes) key += `\0${attribute}\0${typeof value}${attributeText(value)}`
  return key
}
