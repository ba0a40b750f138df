import assert from 'node:assert/strict'
import { it } from 'node:test'
import { PointBlockBuilder } from 'weir/plugin'
import { contractOf } from 'weir/plugin/contract'
import { ProcessorHarness, testConfig, testContext } from 'weir/plugin/testing'
import plugin from './pace.ts'

for (const { name, check } of contractOf(plugin)) it(name, check)

it('lets batches through one after another, each when its items are due', async () => {
  const context = testContext()
  const metric = { name: 'requests', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  const points = new PointBlockBuilder()
  for (let i = 0; i < 20; i++) points.add(context.series.intern(metric, []), 0, 1)
  const block = points.build()
  const harness = new ProcessorHarness(
    plugin.create(testConfig(plugin, { items_per_second: 10 }), context),
    context
  ).open()

  void harness.send(block)
  void harness.send(block)
  assert.equal(context.account.inFlight, 40)
  for (const [ms, want] of [
    [1999, 0],
    [1, 1],
    [2000, 2]
  ]) {
    await harness.advance(ms)
    assert.equal(harness.sent.length, want)
  }
  assert.equal(context.account.inFlight, 0)
})
