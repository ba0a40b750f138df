import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { ProtobufWriter } from '../../../core/wire/protobuf/writer.ts'
import { VictoriaMetricsExporter } from '../../../exporters/victoriametrics/exporter.ts'
import plugin from '../../../exporters/victoriametrics/index.ts'
import { PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { startBackend, writeRequestOf } from './backend.ts'

const SAMPLES = 100
const REQUESTS = 5
const METRIC = { name: 'hits', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
const NEVER = new AbortController().signal

/** An exporter of a block of several requests. `answer` gets the values of a request, and tells its status. */
async function world(t: TestContext, answer: (values: readonly number[], before: number) => Promise<number>) {
  let requests = 0
  const endpoint = await startBackend(t, async (request, response) => {
    const { series } = await writeRequestOf(request)
    const values = series.flatMap(({ samples }) => samples.map(({ value }) => value))
    response.writeHead(await answer(values, requests++)).end()
  })
  const context = testContext()
  const config = testConfig(plugin, { endpoint, target_info: false, max_samples_per_request: SAMPLES })
  const points = new PointBlockBuilder()
  for (let i = 0; i < REQUESTS * SAMPLES; i++)
    points.add(context.series.intern(METRIC, [['host', `host-${i}`]]), context.clock.now(), i)
  return { exporter: new VictoriaMetricsExporter(config, context), block: points.build() }
}

const valuesOf = (request: number) => Array.from({ length: SAMPLES }, (_, i) => request * SAMPLES + i)

test('a request is written while the one before is sent, and sent once that was taken', async t => {
  const { begin } = ProtobufWriter.prototype
  let written = 0
  t.mock.method(ProtobufWriter.prototype, 'begin', function (this: ProtobufWriter, field: number, sizeBytes?: number) {
    if (sizeBytes === 2) written++
    return begin.call(this, field, sizeBytes)
  })
  const ahead: number[] = []
  let isAnswered = true
  const { exporter, block } = await world(t, async (values, i) => {
    assert.ok(isAnswered, 'one at a time')
    isAnswered = false
    assert.deepEqual(values, valuesOf(i))
    await setTimeout(50)
    ahead.push(written / SAMPLES - i - 1)
    isAnswered = true
    return 204
  })
  await exporter.export(block, NEVER)
  assert.deepEqual(ahead, [1, 1, 1, 1, 0])
})

test('a request that fails is the next one to be sent, and those behind it come after it', async t => {
  const sent: number[] = []
  const { exporter, block } = await world(t, async (values, i) => {
    sent.push(values[0] / SAMPLES)
    assert.deepEqual(values, valuesOf(values[0] / SAMPLES))
    return i === 1 || i === 4 ? 503 : 204
  })
  for (let tries = 0; tries < 2; tries++) await assert.rejects(exporter.export(block, NEVER), { retryable: true })
  await exporter.export(block, NEVER)
  assert.deepEqual(sent, [0, 1, 1, 2, 3, 3, 4])
})
