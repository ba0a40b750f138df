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

// The parts that many series share are put into words once. Each part ends at the beginning of the next, whatever its
// content: attributes carry their lengths, the rest is JSON.
/** The identity as text. */
export function seriesKey(metric: Metric, attributes: Attributes, resource: Resource, scope: Scope): string {
  return `${metricKeys.of(metric)}\n${attributesKey(attributes)}\n${resourceKeys.of(resource)}\n${scopeKeys.of(scope)}`
}

/**
 * One key for each distinct part of an identity, worked out once for each object, for as long as the object lives.
 */
export class KeyCache<T extends object, Key = string> {
  #keys = new WeakMap<T, Key>()
  #make: (of: T) => Key

  constructor(make: (of: T) => Key) {
    this.#make = make
  }

  of(object: T): Key {
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
