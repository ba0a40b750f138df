import assert from 'node:assert/strict'
import { type TestContext as NodeTest, test } from 'node:test'
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { running } from './harness.ts'

const { NONE, GZIP } = CompressionAlgorithm

for (const [name, Exporter, compression] of [
  ['protobuf', ProtobufExporter, NONE],
  ['protobuf, gzip', ProtobufExporter, GZIP],
  ['JSON', JsonExporter, NONE],
  ['JSON, gzip', JsonExporter, GZIP]
] as const)
  test(`the OpenTelemetry SDK, ${name}`, async (t: NodeTest) => {
    const { url, blocks, context } = await running(t)
    const exporter = new Exporter({ url, compression, temporalityPreference: AggregationTemporality.DELTA })
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const provider = new MeterProvider({
      resource: resourceFromAttributes({ 'service.name': 'shop' }),
      readers: [reader]
    })
    const meter = provider.getMeter('till', '2.0')
    const orders = meter.createCounter('orders', { unit: '{order}' })
    orders.add(2, { kind: 'book' })
    orders.add(5, { kind: 'toy' })
    orders.add(40, { kind: 'book' })
    meter.createUpDownCounter('open').add(-3)
    meter.createHistogram('took', { unit: 's', advice: { explicitBucketBoundaries: [1, 2] } }).record(1.5)
    const started = Date.now()
    await provider.forceFlush()
    orders.add(1, { kind: 'toy' })
    await provider.forceFlush()
    await provider.shutdown()

    const seen = blocks.flatMap(block =>
      [...block.series].map(({ metric, attributes, resource, scope }, i) => {
        assert.ok(Math.abs(block.time[i] - started) < 60_000 && block.start[i] <= block.time[i])
        assert.deepEqual([resource.attributes, scope.name, scope.version], [[['service.name', 'shop']], 'till', '2.0'])
        return [metric.name, metric.kind, metric.temporality, attributes, block.value[i]]
      })
    )
    assert.deepEqual(seen.slice(0, 4), [
      ['orders', 'counter', 'delta', [['kind', 'book']], 42],
      ['orders', 'counter', 'delta', [['kind', 'toy']], 5],
      ['open', 'up_down_counter', 'cumulative', [], -3],
      ['took', 'histogram', 'delta', [], 1.5]
    ])
    assert.deepEqual(
      seen.slice(4).find(([name]) => name === 'orders'),
      ['orders', 'counter', 'delta', [['kind', 'toy']], 1]
    )
    const [distribution] = blocks[0].distributions.values()
    const want = { kind: 'histogram', count: 1, sum: 1.5, min: 1.5, max: 1.5, bounds: [1, 2], counts: [0, 1, 0] }
    assert.deepEqual(distribution, want)
    assert.deepEqual([context.account.imbalance, context.account.sent], [0, seen.length])
  })
