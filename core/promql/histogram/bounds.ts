import { CUSTOM_BUCKETS, type FloatHistogram } from './float-histogram.ts'

/** Upper bound of the positive bucket `index` of a schema from -4 to 8. The last bucket of numbers ends at the largest. */
export function exponentialBound(schema: number, index: number): number {
  const perPower = 2 ** schema
  const power = Math.floor(index / perPower)
  const part = index - power * perPower
  if (power === 1024 && part === 0) return Number.MAX_VALUE
  // A power of its own: the root of two is not rounded twice, and whole powers are exact.
  const bound = 2 ** (part / perPower) * 2 ** Math.max(power, -1022)
  return power < -1022 ? bound * 2 ** (power + 1022) : bound
}

/** Upper bound of the positive bucket `index`. */
export function upperBound({ schema, customBounds }: FloatHistogram, index: number): number {
  if (schema !== CUSTOM_BUCKETS) return exponentialBound(schema, index)
  if (index < 0) return Number.NEGATIVE_INFINITY
  return customBounds[index] ?? Number.POSITIVE_INFINITY
}

/** The bucket of `target` that a bucket of `schema` lies in. Buckets of a lower schema are whole groups of those. */
export function coarserIndex(index: number, schema: number, target: number): number {
  return Math.floor((index - 1) / 2 ** (schema - target)) + 1
}

export function hasCustomBounds({ schema }: FloatHistogram): boolean {
  return schema === CUSTOM_BUCKETS
}

export function sameBounds(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((bound, i) => bound === b[i])
}
