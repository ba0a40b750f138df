import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { VictoriaMetricsExporter } from '../../../exporters/victoriametrics/exporter.ts'
import plugin from '../../../exporters/victoriametrics/index.ts'
import { type PointBlock, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import type { ReadRequest } from '../../core/wire/remote-write/read-write-request.ts'
import { startBackend, writeRequestOf } from './backend.ts'

const POINTS = 20_000
const METRIC = {
  name: 'hits',
  unit: '',
  description: 'about hits',
  kind: 'counter',
  temporality: 'cumulative'
} as const
const NEVER = new AbortController().signal

/** An exporter, its backend, and a block that takes many turns. */
async function exporterOf(t: TestContext, statuses: readonly number[]) {
  const requests: (ReadRequest | Error)[] = []
  let answered = 0
  const endpoint = await startBackend(t, async (request, response) => {
    requests.push(await writeRequestOf(request).catch((error: Error) => error))
    response.writeHead(statuses[answered++] ?? 204).end()
  })
  const context = testContext()
  const config = testConfig(plugin, { endpoint, target_info: false, max_samples_per_request: 100_000 })
  const points = new PointBlockBuilder(POINTS)
  for (let i = 0; i < POINTS; i++)
    points.add(context.series.intern(METRIC, [['host', `host-${i}`]]), context.clock.now(), i)
  return { exporter: new VictoriaMetricsExporter(config, context), block: points.build(), requests }
}

/** A try that is given up after some turns, as the sending queue gives up: the next one begins while it may still go on. */
async function giveUp(exporter: VictoriaMetricsExporter, block: PointBlock): Promise<void> {
  const controller = new AbortController()
  const isRefused = assert.rejects(exporter.export(block, controller.signal))
  await setImmediate()
  controller.abort(new Error('no answer within 1 ms'))
  isRefused.catch(() => {})
}

test('a try that was given up while its request was encoded does not write into that of the next try', async t => {
  const { exporter, block, requests } = await exporterOf(t, [503])
  // The block is translated; from now on a try encodes at once.
  await assert.rejects(exporter.export(block, NEVER), { retryable: true })
  await giveUp(exporter, block)
  await exporter.export(block, NEVER)
  const sent = requests.at(-1)!
  // A diff of so many series would take minutes.
  assert.ok(!(sent instanceof Error), `no write request: ${sent}`)
  assert.equal(sent.series.length, POINTS)
  assert.ok(isDeepStrictEqual(sent, requests[0]), 'other series than those of the first try')
})

test('a try that was given up while label sets were made takes nothing from the next try', async t => {
  const { exporter, block, requests } = await exporterOf(t, [])
  await giveUp(exporter, block)
  await exporter.export(block, NEVER)
  const { series, metadata } = requests.at(-1) as ReadRequest
  assert.equal(series.length, POINTS)
  assert.equal(metadata.length, 1, 'families that no request has announced')
})
