import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import { type PointBlock, PointBlockBuilder } from '../../../../core/model/points.ts'
import type { Metric } from '../../../../core/model/series.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { OtlpMetricsDecoder } from '../../../../core/wire/otlp/metrics-decoder.ts'
import { MetricsEncoder } from '../../../../core/wire/otlp/metrics-encoder.ts'
import { ProtobufWriter } from '../../../../core/wire/protobuf/writer.ts'
import { sdkMetrics } from './sdk-data.ts'

const NOW = 1_700_000_000_123
const encoder = new MetricsEncoder(new ProtobufWriter())
const HISTOGRAM: Metric = { name: 'h', unit: 's', description: '', kind: 'histogram', temporality: 'delta' }

/** What a receiver makes of the block. */
function received(block: PointBlock): PointBlock {
  const body = Buffer.from(encoder.encode(block))
  const { block: decoded, rejections } = new OtlpMetricsDecoder(new SeriesTable()).decode(body, 1)
  assert.equal(rejections.describe(), '')
  return decoded
}

/** In an order that does not depend on how points are grouped. */
function plain({ series, time, start, value, flags, distributions }: PointBlock): unknown[] {
  const points = [...series].map(({ metric, attributes, resource, scope }, i) => {
    return {
      metric,
      attributes,
      resource,
      scope,
      time: time[i],
      start: start[i],
      value: value[i],
      flags: flags[i],
      distribution: distributions.get(i)
    }
  })
  return points.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

test("the SDK's metrics of every kind are the same after another hop", () => {
  const body = Buffer.from(ProtobufMetricsSerializer.serializeRequest(sdkMetrics())!)
  const { block } = new OtlpMetricsDecoder(new SeriesTable()).decode(body, 1)
  assert.equal(block.length, 8)
  assert.deepEqual(plain(received(block)), plain(block))
})

test('points of several resources, scopes and metrics, in any order, keep theirs', () => {
  const series = new SeriesTable()
  const builder = new PointBlockBuilder()
  for (let i = 0; i < 200; i++) {
    const metric: Metric = { name: `m${i % 3}`, unit: '', description: 'd', kind: 'counter', temporality: 'cumulative' }
    const resource = { attributes: [['service.name', `s${i % 5}`]] as const, schemaUrl: i % 2 ? 'https://s' : '' }
    const scope = { name: `scope${i % 7}`, version: '1', attributes: [['a', [1, 'x', null]]] as const, schemaUrl: '' }
    builder.add(
      series.intern(
        metric,
        [
          ['i', i],
          ['ok', true]
        ],
        resource,
        scope
      ),
      NOW + i / 4,
      i * 1.5,
      NOW - 1000
    )
  }
  const block = builder.build()
  assert.deepEqual(plain(received(block)), plain(block))
})

test('ends of series have flags and no value; NaN and infinities are values', () => {
  const series = new SeriesTable()
  const builder = new PointBlockBuilder()
  const gauge: Metric = { name: 'g', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' }
  builder.add(series.intern(gauge, []), NOW, Number.NaN, 0, 1)
  builder.add(series.intern(HISTOGRAM, []), NOW, Number.NaN, 0, 1)
  builder.add(series.intern(gauge, [['a', '1']]), NOW, Number.NaN)
  builder.add(series.intern(gauge, [['a', '2']]), NOW, Number.POSITIVE_INFINITY)
  const decoded = received(builder.build())
  assert.deepEqual([...decoded.flags], [1, 0, 0, 1])
  assert.deepEqual([...decoded.value].slice(1, 3), [Number.NaN, Number.POSITIVE_INFINITY])
})

test('counts are whole numbers: that of a histogram is the sum of its rounded buckets', () => {
  const series = new SeriesTable()
  const builder = new PointBlockBuilder()
  const common = { kind: 'histogram', sum: 20, min: 1, max: 9 } as const
  builder.addDistribution(series.intern(HISTOGRAM, []), NOW, { ...common, count: 6.6, bounds: [5], counts: [3.3, 3.3] })
  builder.addDistribution(series.intern(HISTOGRAM, [['a', '1']]), NOW, {
    ...common,
    count: 3.7,
    bounds: [],
    counts: []
  })
  const large = 2 ** 40 + 5
  builder.addDistribution(series.intern(HISTOGRAM, [['a', '2']]), NOW, {
    ...common,
    count: large,
    bounds: [5],
    counts: [large, 0]
  })
  const [buckets, none, many] = received(builder.build()).distributions.values()
  assert.deepEqual(buckets, { ...common, count: 6, bounds: [5], counts: [3, 3] })
  assert.deepEqual(none, { ...common, count: 4, bounds: [], counts: [] })
  assert.deepEqual(many, { ...common, count: large, bounds: [5], counts: [large, 0] })
})

test('a set, which OTLP does not have, is a gauge of the number of its members', () => {
  const series = new SeriesTable()
  const builder = new PointBlockBuilder()
  const users: Metric = { name: 'users', unit: '', description: '', kind: 'set', temporality: 'delta' }
  builder.addDistribution(series.intern(users, [['route', '/']]), NOW, { kind: 'set', members: ['a', 'b'] })
  const { series: column, value } = received(builder.build())
  assert.deepEqual([column.metricOf(0).kind, value[0], column.at(0).attributes], ['gauge', 2, [['route', '/']]])
})

test('times keep their microseconds', () => {
  const series = new SeriesTable()
  const builder = new PointBlockBuilder()
  const gauge: Metric = { name: 'g', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' }
  const times = [NOW, NOW + 0.25, NOW + 0.001, 1, 0.5]
  for (const time of times) builder.add(series.intern(gauge, []), time, 1)
  for (const [i, time] of received(builder.build()).time.entries()) assert.ok(Math.abs(time - times[i]) < 0.0005)
})
