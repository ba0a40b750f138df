import { type Attributes, attributesKey, NO_ATTRIBUTES } from './attributes.ts'

/**
 * The meaning of a point's number. `counter` and `up_down_counter` are OTLP's monotonic and non-monotonic Sum. `set` is
 * StatsD's: each point carries members whose distinct number is wanted, or a sketch of them.
 */
export type MetricKind =
  | 'gauge'
  | 'counter'
  | 'up_down_counter'
  | 'histogram'
  | 'exponential_histogram'
  | 'summary'
  | 'set'
export type Temporality = 'delta' | 'cumulative' | 'unspecified'

export interface Metric {
  readonly name: string
  /** UCUM, as OpenTelemetry has it: `s`, `By`, `{request}`; empty when unknown. */
  readonly unit: string
  readonly description: string
  readonly kind: MetricKind
  readonly temporality: Temporality
}

export interface Resource {
  readonly attributes: Attributes
  readonly schemaUrl: string
}

export interface Scope {
  readonly name: string
  readonly version: string
  readonly attributes: Attributes
  readonly schemaUrl: string
}

export const NO_RESOURCE: Resource = { attributes: NO_ATTRIBUTES, schemaUrl: '' }
export const NO_SCOPE: Scope = { name: '', version: '', attributes: NO_ATTRIBUTES, schemaUrl: '' }

/** The identity of a stream of points. One object per identity: compare by `===`. */
export class Series {
  /** Dense and small, for indexing arrays. Reused only after every holder of the series let go of it. */
  readonly id: number
  readonly metric: Metric
  readonly attributes: Attributes
  readonly resource: Resource
  readonly scope: Scope
  /** Equal exactly when the identity is; stable across processes. The description is not part of it. */
  readonly key: string

  constructor(id: number, key: string, metric: Metric, attributes: Attributes, resource: Resource, scope: Scope) {
    this.id = id
    this.key = key
    this.metric = metric
    this.attributes = attributes
    this.resource = resource
    this.scope = scope
  }
}

/**
 * Makes sure that one identity is one {@link Series}. Holds them weakly: a series lives as long as a block, a window
 * or a cache refers to it, so the bounds of those bound this too, and an id is never reused under anybody's feet.
 */
export class SeriesRegistry {
  #byKey = new Map<string, WeakRef<Series>>()
  #freeIds: number[] = []
  #nextId = 0
  #made = 0
  #gone = new FinalizationRegistry<{ key: string; id: number }>(({ key, id }) => {
    this.#freeIds.push(id)
    if (this.#byKey.get(key)?.deref() === undefined) this.#byKey.delete(key)
  })

  /** `attributes` are sorted, as everywhere. Costs a string the length of the identity: cache the result. */
  intern(metric: Metric, attributes: Attributes, resource: Resource = NO_RESOURCE, scope: Scope = NO_SCOPE): Series {
    const key = seriesKey(metric, attributes, resource, scope)
    const known = this.#byKey.get(key)?.deref()
    if (known !== undefined) return known
    const id = this.#freeIds.pop() ?? this.#nextId++
    const series = new Series(id, key, metric, attributes, resource, scope)
    this.#made++
    this.#byKey.set(key, new WeakRef(series))
    this.#gone.register(series, { key, id })
    return series
  }

  /** Series made since the start: {@link intern} has made one if this has grown. */
  get made(): number {
    return this.#made
  }

  /** Series alive now, as far as the garbage collector has told. */
  get size(): number {
    return this.#byKey.size
  }
}

// The parts that many series share are put into words once. Each part ends at the beginning of the next, whatever its
// content: attributes carry their lengths, the rest is JSON.
function seriesKey(metric: Metric, attributes: Attributes, resource: Resource, scope: Scope): string {
  return `${metricKeys.of(metric)}\n${attributesKey(attributes)}\n${resourceKeys.of(resource)}\n${scopeKeys.of(scope)}`
}

/**
 * One string for each distinct part of an identity, worked out once for each object, for as long as the object lives.
 */
class KeyCache<T extends object> {
  #keys = new WeakMap<T, string>()
  #make: (of: T) => string

  constructor(make: (of: T) => string) {
    this.#make = make
  }

  of(object: T): string {
    const known = this.#keys.get(object)
    if (known !== undefined) return known
    const key = this.#make(object)
    this.#keys.set(object, key)
    return key
  }
}

export const metricKeys = new KeyCache<Metric>(({ name, unit, kind, temporality }) =>
  JSON.stringify([name, unit, kind, temporality])
)
export const resourceKeys = new KeyCache<Resource>(({ attributes }) => attributesKey(attributes))
export const scopeKeys = new KeyCache<Scope>(({ name, version, attributes }) =>
  JSON.stringify([name, version, attributesKey(attributes)])
)
