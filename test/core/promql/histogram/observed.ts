import {
  type Buckets,
  CUSTOM_BUCKETS,
  type FloatHistogram,
  NO_BUCKETS
} from '../../../../core/promql/histogram/float-histogram.ts'

/** Of the buckets of a schema, a value's is found by trying. */
const MOST_BUCKETS = 6000

/** A histogram of these observations by the definition: each is counted in the bucket whose bounds are around it. */
export function observed(values: readonly number[], schema: number, zeroThreshold = 0): FloatHistogram {
  const outside = values.filter(value => Math.abs(value) > zeroThreshold)
  return {
    schema,
    counterReset: 'unknown',
    count: values.length,
    sum: values.reduce((sum, value) => sum + value, 0),
    zeroThreshold,
    zeroCount: values.length - outside.length,
    positive: counted(outside.filter(value => value > 0).map(value => indexOf(value, schema))),
    negative: counted(outside.filter(value => value < 0).map(value => indexOf(-value, schema))),
    customBounds: new Float64Array()
  }
}

/** The same with bounds of its own. */
export function observedIn(values: readonly number[], bounds: readonly number[]): FloatHistogram {
  const indices = values.map(value => {
    const index = bounds.findIndex(bound => value <= bound)
    return index === -1 ? bounds.length : index
  })
  return {
    ...observed([], CUSTOM_BUCKETS),
    count: values.length,
    sum: values.reduce((sum, value) => sum + value, 0),
    positive: counted(indices),
    customBounds: Float64Array.from(bounds)
  }
}

function indexOf(value: number, schema: number): number {
  const base = 2 ** (2 ** -schema)
  for (let index = -MOST_BUCKETS; index < MOST_BUCKETS; index++) if (value <= base ** index) return index
  throw new RangeError(`${value} is in no bucket`)
}

function counted(indices: readonly number[]): Buckets {
  if (indices.length === 0) return NO_BUCKETS
  const offset = Math.min(...indices)
  const counts = new Float64Array(Math.max(...indices) - offset + 1)
  for (const index of indices) counts[index - offset]!++
  return { offset, counts }
}
