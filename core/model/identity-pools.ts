import { NO_ATTRIBUTES } from './attributes.ts'
import { InternPool } from './intern-pool.ts'
import { type Metric, metricKeys, type Resource, resourceKeys, type Scope, scopeKeys } from './series.ts'
import { sharedBytes } from './shared-bytes.ts'

// The parts of identities that many identities share, each with its key and its memory.

export const metricPool = () =>
  new InternPool<Metric>(
    metric => metricKeys.of(metric),
    ({ name, unit, description }) => sharedBytes(NO_ATTRIBUTES, name, unit, description)
  )

export const resourcePool = () =>
  new InternPool<Resource>(
    resource => resourceKeys.of(resource),
    ({ attributes, schemaUrl }) => sharedBytes(attributes, schemaUrl)
  )

export const scopePool = () =>
  new InternPool<Scope>(
    scope => scopeKeys.of(scope),
    ({ attributes, name, version, schemaUrl }) => sharedBytes(attributes, name, version, schemaUrl)
  )

/** A pool of the keys of attributes, in order. */
export const keysPool = () => new InternPool<readonly string[]>(keysKey, keys => sharedBytes(NO_ATTRIBUTES, ...keys))

function keysKey(keys: readonly string[]): string {
  let key = ''
  for (const name of keys) key += `${name.length}:${name}`
  return key
}
