import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { NO_RESOURCE, NO_SCOPE } from '../../../core/model/series.ts'
import { VictoriaMetricsExporter } from '../../../exporters/victoriametrics/exporter.ts'
import plugin from '../../../exporters/victoriametrics/index.ts'
import { PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { type TestContext, testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { expireIdle } from '../../core/model/series-table/idle-series.ts'
import { collectGarbage } from '../../garbage.ts'

const MANY = 50_000
const METRIC = { name: 'hits', unit: '', description: '', kind: 'counter', temporality: 'cumulative' } as const

// A function of its own, so that no variable of the test keeps the block.
function blockOf({ series, clock }: TestContext, length: number, host: string) {
  const builder = new PointBlockBuilder(length)
  const metric = series.contextOf(METRIC, NO_RESOURCE, NO_SCOPE)
  // Labels of received series are kept.
  for (let i = 0; i < length; i++)
    builder.addId(series, series.receive(metric, [['host', `${host}-${i}`]]), clock.now(), 1)
  return builder.build()
}

test('regression: labels of series that had gone stayed, if blocks were few', async t => {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(204).end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close().closeAllConnections())
  const context = testContext('victoriametrics')
  let bytes = () => 0
  context.instruments.gauge = (name, _help, read) => {
    if (name === 'label_sets_bytes') bytes = read
  }
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const exporter = new VictoriaMetricsExporter(testConfig(plugin, { endpoint }), context)
  const send = (length: number, host: string) =>
    exporter.export(blockOf(context, length, host), new AbortController().signal)
  await send(MANY, 'gone')
  const before = bytes()
  await expireIdle(context.series)
  assert.ok(context.series.size < MANY, 'the series have gone')
  for (let minute = 0; minute < 3; minute++) {
    collectGarbage()
    context.clock.advance(60_000)
    await send(1, 'stays')
    for (let turn = 0; turn < 1000; turn++) await setImmediate()
  }
  // The table of ids stays as large as it was.
  assert.ok(bytes() < before * 0.6, `${bytes()} of ${before} bytes`)
})
