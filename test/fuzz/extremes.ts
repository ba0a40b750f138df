import fc from 'fast-check'
import { NOW } from './run.ts'

// Requests whose every field is legal for protobuf, and whose values are those at the edges of their types.
const MS = 1_000_000n
const nanos = fc
  .constantFrom(
    0n,
    1n,
    2n ** 63n - 1n,
    2n ** 64n - 1n,
    ...[-400_000, -1500, -1, 0, 0, 0, 1, 999, 400_000].map(ms => BigInt(NOW + ms) * MS)
  )
  .map(String)
const uint64 = fc.constantFrom('0', '0', '1', '3', '9007199254740993', '18446744073709551615')
const int64 = fc.constantFrom('0', '-1', '7', '9223372036854775807', '-9223372036854775808')
const double = fc.constantFrom(0, -0, 1, -2.5, 1e308, -1e308, 5e-324, Infinity, -Infinity, NaN)
const int32 = fc.constantFrom(0, 1, -1, 3, 20, -10, 127, 128, -129, 1022, 1023, -1075, 2147483647, -2147483648)
const flags = fc.constantFrom(0, 0, 0, 1, 2, 4294967295)
const text = fc.constantFrom(
  '',
  'a',
  'name',
  'version',
  '__name__',
  'le',
  'quantile',
  'window',
  'le',
  '🙂'.repeat(3),
  'x'.repeat(300),
  'otel.metric.overflow',
  '1-2',
  '\u0000'
)

const anyValue = fc.oneof(
  fc.record({ stringValue: text }),
  fc.record({ intValue: int64 }),
  fc.record({ doubleValue: double }),
  fc.record({ boolValue: fc.boolean() }),
  fc.constant({})
)
const attribute = fc.record({ key: text, value: anyValue })
const attributes = fc.oneof(
  { weight: 20, arbitrary: fc.array(attribute, { maxLength: 4 }) },
  {
    weight: 1,
    arbitrary: fc.constant(Array.from({ length: 1000 }, (_, i) => ({ key: `k${i}`, value: { intValue: String(i) } })))
  }
)
const optional = { requiredKeys: [] as never[] }
const common = { attributes, startTimeUnixNano: nanos, timeUnixNano: nanos, flags }

const numberPoint = fc.oneof(
  fc.record({ ...common, asDouble: double }, optional),
  fc.record({ ...common, asInt: int64 }, optional)
)
const distribution = { ...common, count: uint64, sum: double, min: double, max: double }
const BOUNDS = [[], [0], [1, 2], [-Infinity, 0], [5, Infinity], [-Infinity, Infinity], [2, 1], [1, 1], [NaN]]
const histogramPoint = fc.record(
  { ...distribution, explicitBounds: fc.constantFrom(...BOUNDS), bucketCounts: fc.array(uint64, { maxLength: 4 }) },
  optional
)
const buckets = fc.record({ offset: int32, bucketCounts: fc.array(uint64, { maxLength: 4 }) }, optional)
const exponentialPoint = fc.record(
  { ...distribution, scale: int32, zeroCount: uint64, zeroThreshold: double, positive: buckets, negative: buckets },
  optional
)
const summaryPoint = fc.record(
  {
    ...common,
    count: uint64,
    sum: double,
    quantileValues: fc.array(fc.record({ quantile: double, value: double }), { maxLength: 3 })
  },
  optional
)
const points = <T>(point: fc.Arbitrary<T>) => fc.array(point, { maxLength: 3 })
const temporality = fc.constantFrom(1, 1, 2, 2, 0, 3)
const named = {
  name: fc.constantFrom('m', 'm', 'n', 'm.total', ''),
  unit: fc.constantFrom('', '1', 's', 'By/s', '{x}')
}
const sum = fc.record({
  dataPoints: points(numberPoint),
  aggregationTemporality: temporality,
  isMonotonic: fc.boolean()
})
const metric = fc.oneof(
  fc.record({ ...named, gauge: fc.record({ dataPoints: points(numberPoint) }) }),
  fc.record({ ...named, sum }),
  fc.record({
    ...named,
    histogram: fc.record({ dataPoints: points(histogramPoint), aggregationTemporality: temporality })
  }),
  fc.record({
    ...named,
    exponentialHistogram: fc.record({ dataPoints: points(exponentialPoint), aggregationTemporality: temporality })
  }),
  fc.record({ ...named, summary: fc.record({ dataPoints: points(summaryPoint) }) }),
  fc.record(named)
)
const scopeMetrics = fc.record(
  {
    scope: fc.record({ name: text, version: text, attributes }, optional),
    metrics: fc.array(metric, { maxLength: 6 })
  },
  optional
)
const resourceMetrics = fc.record(
  {
    resource: fc.record({ attributes }, optional),
    scopeMetrics: fc.array(scopeMetrics, { maxLength: 2 }),
    schemaUrl: text
  },
  optional
)

/** OTLP/JSON requests, a second apart. */
export const extremes: fc.Arbitrary<object[]> = fc.array(
  fc.record({ resourceMetrics: fc.array(resourceMetrics, { maxLength: 3 }) }),
  { maxLength: 5 }
)
