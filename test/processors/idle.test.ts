import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { builtIns } from '../../built-ins.ts'
import type { SeriesTable } from '../../core/model/series-table/series-table.ts'
import { runThrough } from '../../core/model/stepwise.ts'
import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { pointBlocks } from '../../sdk/plugin/sample-blocks.ts'
import { ProcessorHarness, testConfig, testContext } from '../../sdk/plugin/testing.ts'
import { expireIdle } from '../core/model/series-table/idle-series.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'weir-idle-'))
after(() => rmSync(folder, { recursive: true }))
const table = path.join(folder, 'codes.csv')
writeFileSync(table, 'code,class\n200,ok\n')

const CONFIGS: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
  cardinality_limiter: [{}, { max_series_per_metric: 1 }],
  dedup: ['sample', 'event_id', 'request', 'client_seq', 'ha_replica'].map(mode => ({ mode })),
  enrich: [{ attribute: 'code', file: table }],
  filter: [{ exclude: { name: 'a.gauge' } }],
  rate_limiter: [{ rate: 5 }],
  sampler: [{ probability: 0.5 }],
  transform: [{ statements: [{ set: { zone: 'a' } }] }]
}

for (const [name, load] of Object.entries(builtIns.processor))
  for (const config of CONFIGS[name] ?? [{}])
    test(`idle, ${name} ${JSON.stringify(config).replace(folder, '')} does not keep series that came later`, async () => {
      const { default: plugin } = (await load()) as { default: ProcessorPlugin }
      const context = testContext(name)
      const processor = plugin.create(testConfig(plugin, config), context)
      const harness = new ProcessorHarness(processor, context).open()
      await processor.start?.(new AbortController().signal)
      sendAll(harness)
      await harness.advance(60_000)
      harness.sent.length = 0
      assert.ok(await goes(context.series))
      await processor.stop?.(new AbortController().signal)
    })

// A function of its own, so that no variable of the test keeps a block.
function sendAll(harness: ProcessorHarness): void {
  for (const [, block] of pointBlocks(harness.context.series)) void harness.send(block)
}

/** True if a series that nobody uses goes. */
async function goes(series: SeriesTable): Promise<boolean> {
  runThrough(series.expireIdle(1))
  const add = () =>
    series.idOf({ name: 'later', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' }, [])
  add()
  const { made } = series
  await expireIdle(series)
  add()
  return series.made > made
}
