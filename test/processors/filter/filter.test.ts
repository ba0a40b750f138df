import assert from 'node:assert/strict'
import { test } from 'node:test'
import plugin from '../../../processors/filter/index.ts'
import { type MapProcessor, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'

for (const [config, message] of [
  [{}, /it has neither `include` nor `exclude`/],
  [{ include: { name: { regex: '(' } } }, /include\.name\.regex: "\(" is no regular expression/],
  [{ exclude: [{ kind: 'gauge' }, { name: { regex: '(' } }] }, /exclude\.1\.name\.regex: /],
  [{ include: { name: 'a' }, exclude: {} }, /\/exclude /]
] as const) {
  test(`refused: ${JSON.stringify(config)}`, () => {
    assert.throws(() => testConfig(plugin, config), message)
  })
}

test('a block of which all passes is passed on as it is', () => {
  const context = testContext()
  const filter = plugin.create(testConfig(plugin, { include: { name: 'a' } }), context) as MapProcessor
  const metric = { name: 'a', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  const points = new PointBlockBuilder()
  points.add(context.series.intern(metric, []), 0, 1)
  const block = points.build()
  assert.equal(filter.process(block), block)
})
