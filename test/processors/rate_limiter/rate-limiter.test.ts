import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sealState } from '../../../core/model/saved-state.ts'
import plugin from '../../../processors/rate_limiter/index.ts'
import type { Batch, MapProcessor, Processor } from '../../../sdk/plugin/index.ts'
import { ProcessorHarness, testBatch, testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { parseItems } from '../../cases/items.ts'

const created = (config: Record<string, unknown>, context = testContext()) =>
  plugin.create(testConfig(plugin, config), context) as MapProcessor

for (const [config, message] of [
  [{}, /rate/],
  [{ rate: 0 }, /rate/],
  [{ rate: 1, by: ['a', 'a'] }, /by/],
  [{ rate: 1, match: { name: { regex: '(' } } }, /match\.name\.regex/]
] as const) {
  test(`refused: ${JSON.stringify(config)}`, () => {
    assert.throws(() => testConfig(plugin, config), message)
  })
}

test('only refuse hands batches back', () => {
  for (const action of ['drop', 'refuse'])
    assert.equal(plugin.rejects!(testConfig(plugin, { rate: 1, action })), action === 'refuse')
})

for (const [name, bytes] of [
  ['of another version', sealState(2, {})],
  ['damaged', Buffer.from('no state')],
  ['cut off', created({ rate: 1 }).snapshot!().subarray(0, 10)]
] as const) {
  test(`state that is ${name} is refused`, () => {
    assert.throws(() => created({ rate: 1 }).restore!(bytes))
  })
}

test('over any time and in any portions a key gets its rate and one burst', () => {
  const context = testContext()
  const limiter = created({ rate: 50, burst: 20, by: ['user'] }, context)
  let passed = 0
  for (let turn = 0; turn < 400; turn++) {
    const clicks = Array.from({ length: (turn * 7) % 23 }, () => '0s event click {user: ann}')
    if (clicks.length > 0) passed += limiter.process(parseItems(clicks, context.series)).length
    context.clock.advance((turn * 13) % 50)
  }
  const ms = context.clock.now() - testContext().clock.now()
  assert.ok(passed <= 20 + ms * 0.05 && passed > 0.8 * ms * 0.05, `${passed} in ${ms} ms`)
})

test('a clock that is set back fills nothing, and then goes on filling', () => {
  const context = testContext()
  let now = 3_600_000
  context.clock.now = () => now
  const limiter = created({ rate: 1, burst: 1 }, context)
  const click = parseItems(['0s event click'], context.series)
  const passesAt = (time: number) => {
    now = time
    return limiter.process(click).length
  }
  assert.deepEqual([3_600_000, 0, 500, 1000, 1500, 2000].map(passesAt), [1, 0, 0, 1, 0, 1])
})

test('a batch with more keys than there is room for counts against every one of them', async () => {
  const context = testContext()
  const limiter = plugin.create(
    testConfig(plugin, { rate: 1, burst: 2, by: ['user'], max_keys: 1, action: 'refuse' }),
    context
  ) as Processor
  let passed = 0
  const downstream = (batch: Batch) => {
    passed++
    batch.ack()
  }
  const harness = new ProcessorHarness(limiter, context, { downstream }).open()
  const send = (...users: string[]) => {
    const clicks = users.map(user => `0s event click {user: ${user}}`)
    harness.push(testBatch(parseItems(clicks, context.series)).batch)
  }
  send('ann', 'ann', 'bob')
  send('ann')
  assert.equal(passed, 1)
})
