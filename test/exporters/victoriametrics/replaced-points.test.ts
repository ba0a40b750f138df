import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VictoriaMetricsExporter } from '../../../exporters/victoriametrics/exporter.ts'
import plugin from '../../../exporters/victoriametrics/index.ts'
import { FLAG_NO_RECORDED_VALUE, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import type { ReadRequest } from '../../core/wire/remote-write/read-write-request.ts'
import { startBackend, writeRequestOf } from './backend.ts'

const METRIC = { name: 'd', unit: '', description: '', kind: 'histogram', temporality: 'cumulative' } as const
const NEVER = new AbortController().signal

test('the end of a series ends no streams of points that were never sent, for later ones of their time', async t => {
  const requests: ReadRequest[] = []
  const endpoint = await startBackend(t, async (request, response) => {
    requests.push(await writeRequestOf(request))
    response.writeHead(204).end()
  })
  const context = testContext()
  const exporter = new VictoriaMetricsExporter(testConfig(plugin, { endpoint, target_info: false }), context)
  const series = context.series.intern(METRIC, [])
  const now = context.clock.now()
  const points = new PointBlockBuilder()
  for (const bound of [1, 2])
    points.addDistribution(series, now, {
      kind: 'histogram',
      count: 3,
      sum: 3,
      min: Number.NaN,
      max: Number.NaN,
      bounds: [bound],
      counts: [1, 2]
    })
  await exporter.export(points.build(), NEVER)
  const end = new PointBlockBuilder()
  end.add(series, now + 1000, 0, 0, FLAG_NO_RECORDED_VALUE)
  await exporter.export(end.build(), NEVER)
  const [sent, ended] = requests.map(({ series }) => series.map(({ labels }) => JSON.stringify(labels)).sort())
  assert.deepEqual(ended, sent)
})
