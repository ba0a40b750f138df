import assert from 'node:assert/strict'
import { test } from 'node:test'
import plugin from '../../../processors/sampler/index.ts'
import { type Block, type EventBlock, type MapProcessor, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'

const ITEMS = 20_000

function sampled(config: Record<string, unknown>, block: Block): Block {
  return (plugin.create(testConfig(plugin, config), testContext()) as MapProcessor).process(block)
}

function events(length: number): EventBlock {
  const each = <T>(make: (i: number) => T) => Array.from({ length }, (_, i) => make(i))
  return {
    type: 'events',
    length,
    time: new Float64Array(length),
    name: each(() => 'click'),
    id: each(i => `e${i}`),
    attributes: each(i => [['user', i % 1000]]),
    value: new Float64Array(length).fill(1)
  }
}

const sumOf = ({ value }: Block) => value.reduce((sum, one) => sum + one, 0)

for (const probability of [0.5, 0.1, 0.01]) {
  test(`of many items the share ${probability} is kept, and their sum is right within five deviations`, () => {
    const deviation = Math.sqrt(ITEMS * probability * (1 - probability))
    const kept = sampled({ probability }, events(ITEMS))
    assert.ok(Math.abs(kept.length - ITEMS * probability) < 5 * deviation, `${kept.length} kept`)
    assert.ok(Math.abs(sumOf(kept) - ITEMS) < (5 * deviation) / probability, `their sum is ${sumOf(kept)}`)
  })
}

test('increments of one series are chosen one by one', () => {
  const points = new PointBlockBuilder()
  const metric = { name: 'm', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  const series = testContext().series.intern(metric, [])
  for (let i = 0; i < ITEMS; i++) points.add(series, i, 2)
  const kept = sampled({ probability: 0.1 }, points.build())
  assert.ok(Math.abs(sumOf(kept) - 2 * ITEMS) < (2 * 5 * Math.sqrt(ITEMS * 0.09)) / 0.1, `their sum is ${sumOf(kept)}`)
})

test('the smaller share is part of the larger one with the same seed, and not with another', () => {
  const block = events(ITEMS)
  const larger = sampled({ probability: 0.5 }, block) as EventBlock
  const smaller = sampled({ probability: 0.1 }, block) as EventBlock
  assert.deepEqual((sampled({ probability: 0.1 }, larger) as EventBlock).id, smaller.id)
  const independent = sampled({ probability: 0.1, seed: 1 }, larger)
  assert.ok(Math.abs(independent.length - larger.length / 10) < 5 * Math.sqrt(larger.length * 0.09))
})

test('all events of a user have one fate', () => {
  const kept = sampled({ probability: 0.3, attribute: 'user' }, events(ITEMS)) as EventBlock
  const users = new Set(kept.attributes.map(([[, user]]) => user))
  assert.equal(kept.length, users.size * (ITEMS / 1000))
})

for (const [config, message] of [
  [{}, /probability/],
  [{ probability: 0 }, /probability/],
  [{ probability: 1.5 }, /probability/],
  [{ probability: 1, match: { name: { regex: '(' } } }, /match\.name\.regex/]
] as const) {
  test(`refused: ${JSON.stringify(config)}`, () => {
    assert.throws(() => testConfig(plugin, config), message)
  })
}

test('with all kept a block is passed on as it is', () => {
  const block = events(5)
  assert.equal(sampled({ probability: 1 }, block), block)
})
