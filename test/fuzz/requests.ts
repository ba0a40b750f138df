import type { Application, SentPoint } from './traffic.ts'

const TEMPORALITY = { unspecified: 0, delta: 1, cumulative: 2 }

/** An ExportMetricsServiceRequest as OTLP/JSON has it, a metric for each point: points keep their order. */
export function requestOf(points: readonly SentPoint[]): object {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'fuzz' } }] }
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: 'fuzz' }, metrics: points.map(metricOf) }] }] }
}

function metricOf(point: SentPoint): object {
  const { name, kind, temporality } = point.from
  const dataPoints = [{ ...commonOf(point), ...dataOf(point) }]
  const data = { dataPoints, aggregationTemporality: TEMPORALITY[temporality] }
  if (kind === 'gauge') return { name, gauge: { dataPoints } }
  if (kind === 'summary') return { name, summary: { dataPoints } }
  if (kind === 'histogram') return { name, histogram: data }
  if (kind === 'exponential_histogram') return { name, exponentialHistogram: data }
  return { name, sum: { ...data, isMonotonic: kind === 'counter' } }
}

function commonOf({ from, start, time, isStale }: SentPoint): object {
  const attributes = from.attributes.map(([key, value]) => ({ key, value: anyValue(value) }))
  return { attributes, startTimeUnixNano: nanos(start), timeUnixNano: nanos(time), flags: isStale ? 1 : 0 }
}

function dataOf({ from, value, buckets }: SentPoint): object {
  if (from.kind === 'gauge' || from.kind.endsWith('counter'))
    return Number.isInteger(value) && value % 2 === 0 ? { asInt: String(value) } : { asDouble: value }
  const count = countOf(buckets)
  const known = from.noSum === true ? {} : { sum: sumOf(buckets), ...(count > 0 && extremesOf(buckets)) }
  if (from.kind === 'summary')
    return {
      count: String(count),
      sum: sumOf(buckets),
      quantileValues: [
        { quantile: 0, value: 1 },
        { quantile: 1, value: 3 }
      ]
    }
  const counts = buckets.map(String)
  if (from.kind === 'exponential_histogram') return { count: String(count), ...known, ...exponentialOf(from, counts) }
  if (from.bounds === undefined) return { count: String(count), ...known }
  return { count: String(count), ...known, explicitBounds: from.bounds, bucketCounts: counts }
}

function exponentialOf({ scale = 0, offset = 0 }: Application, [zero, ...positive]: readonly string[]): object {
  return { scale, zeroCount: zero, positive: { offset, bucketCounts: positive } }
}

function extremesOf(buckets: readonly number[]): object {
  return { min: buckets.findIndex(count => count > 0) + 1, max: buckets.findLastIndex(count => count > 0) + 1 }
}

function anyValue(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

export const countOf = (buckets: readonly number[]): number => buckets.reduce((a, b) => a + b)
export const sumOf = (buckets: readonly number[]): number => buckets.reduce((sum, count, i) => sum + count * (i + 1), 0)
const nanos = (ms: number) => (BigInt(ms) * 1_000_000n).toString()
