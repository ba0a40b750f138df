import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type MapProcessor, PointBlockBuilder } from 'weir/plugin'
import { contractOf } from 'weir/plugin/contract'
import { testConfig, testContext } from 'weir/plugin/testing'
import plugin from './drop-health-checks.ts'

for (const { name, check } of contractOf(plugin)) it(name, check)

it('leaves out health checks, and says how many', () => {
  const context = testContext()
  const metric = { name: 'requests', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  const points = new PointBlockBuilder()
  for (const route of ['/cart', '/healthz', '/healthz'])
    points.add(context.series.intern(metric, [['route', route]]), 0, 1)

  const processor = plugin.create(testConfig(plugin), context) as MapProcessor

  assert.equal(processor.process(points.build()).length, 1)
  assert.deepEqual([...context.account.dropped], [['health_check', 2]])
})
