import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { OtlpMetricsDecoder } from '../../../core/wire/otlp/metrics-decoder.ts'
import plugin from '../../../processors/cumulative_to_delta/index.ts'
import { ProcessorHarness, testConfig, testContext } from '../../../sdk/plugin/testing.ts'

class Reader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

// Its first export has the start time of the export itself, whatever was counted until then.
test('regression: the first value of an observable counter of JavaScript’s SDK counted as an increment', async t => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
  const reader = new Reader()
  const provider = new MeterProvider({ readers: [reader] })
  t.after(() => provider.shutdown())
  let spans = 1256
  provider
    .getMeter('test')
    .createObservableCounter('spans.accepted')
    .addCallback(result => result.observe(spans))
  const context = testContext()
  const harness = new ProcessorHarness(plugin.create(testConfig(plugin), context), context).open()
  const decoder = new OtlpMetricsDecoder(context.series as never)
  const points: { start: number; time: number }[] = []
  for (const value of [1256, 1276, 1283]) {
    spans = value
    const { resourceMetrics } = await reader.collect()
    const body = Buffer.from(ProtobufMetricsSerializer.serializeRequest(resourceMetrics)!)
    const { block } = decoder.decode(body, Date.now())
    points.push({ start: block.start[0], time: block.time[0] })
    await harness.send(block)
    t.mock.timers.tick(1000)
  }
  assert.equal(points[0].start, points[0].time, 'the SDK does so')
  const increments = harness.sent.flatMap(({ block }) => [...(block as { value: Float64Array }).value])
  assert.deepEqual(increments, [20, 7])
  assert.equal(context.account.imbalance, 0)
})
