import { ValueType } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  DataPointType,
  InstrumentType,
  type MetricData,
  type ResourceMetrics
} from '@opentelemetry/sdk-metrics'

export const START_MS = 1_760_000_000_001
export const END_MS = 1_760_000_010_002

const times = {
  startTime: [Math.floor(START_MS / 1000), (START_MS % 1000) * 1e6] as [number, number],
  endTime: [Math.floor(END_MS / 1000), (END_MS % 1000) * 1e6] as [number, number]
}
const ATTRIBUTES = { zone: 'b', code: 200, cached: true, ratio: 0.25, tags: ['x', 'y'] }

/** What an SDK would hand to its exporter: one of every kind it knows. */
export function sdkMetrics(): ResourceMetrics {
  const scope = { name: 'shop', version: '1.2.0', schemaUrl: 'https://example.org/scope' }
  const resource = resourceFromAttributes(
    { 'service.name': 'checkout', pid: 7 },
    { schemaUrl: 'https://example.org/r' }
  )
  return { resource, scopeMetrics: [{ scope, metrics: METRICS }] }
}

const described = (name: string, valueType: ValueType) => ({
  descriptor: { name, description: `about ${name}`, unit: 'By', type: InstrumentType.COUNTER, valueType, advice: {} }
})
const point = <T>(value: T, attributes: object = ATTRIBUTES) => ({ ...times, value, attributes: { ...attributes } })

const METRICS: MetricData[] = [
  {
    ...described('gauge', ValueType.DOUBLE),
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.GAUGE,
    dataPoints: [point(1.5), point(-2.25, {})]
  },
  {
    ...described('counter', ValueType.INT),
    aggregationTemporality: AggregationTemporality.DELTA,
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints: [point(3), point(2 ** 40, { zone: 'ü' })]
  },
  {
    ...described('up_down', ValueType.INT),
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.SUM,
    isMonotonic: false,
    dataPoints: [point(-9)]
  },
  {
    ...described('histogram', ValueType.DOUBLE),
    aggregationTemporality: AggregationTemporality.DELTA,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: [
      point({ count: 6, sum: 21.5, min: 0.5, max: 11, buckets: { boundaries: [1, 5], counts: [1, 3, 2] } }),
      point({ count: 2, buckets: { boundaries: [1], counts: [1, 1] } }, {})
    ]
  },
  {
    ...described('exponential', ValueType.DOUBLE),
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM,
    dataPoints: [
      point({
        count: 8,
        sum: 30,
        min: -4,
        max: 9,
        scale: -1,
        zeroCount: 2,
        positive: { offset: -3, bucketCounts: [1, 0, 300] },
        negative: { offset: 4, bucketCounts: [2] }
      })
    ]
  }
]
