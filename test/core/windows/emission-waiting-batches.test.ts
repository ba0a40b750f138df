import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Batch } from '../../../sdk/plugin/index.ts'
import { ruleOf, tumbling } from './harness.ts'
import { SteppedEngine } from './stepped-engine.ts'

const GROUPS = 60_000

test('regression: a batch that waited for the end of an emission waited as long as exporters took nothing', async t => {
  let time = 0
  t.mock.method(performance, 'now', () => (time += 100))
  const world = await SteppedEngine.start(ruleOf({ windows: [tumbling(60_000)], output: ['delta'] }))
  let takes = true
  world.onBatch = (batch: Batch) => (takes ? batch.ack() : batch.nack(new Error('full')))
  // EPOCH is 20 s after the beginning of a window of a minute.
  await world.sendBlock(world.fill(GROUPS, 30))
  takes = false
  world.advanceTo(43)
  assert.ok(world.isEmitting)
  // Late ones, which wait for the end of the emission.
  for (let i = 0; i < 2; i++) await world.sendBlock(world.fill(GROUPS, 31))
  let answer = 'none'
  void world.send({ at: 44, value: 1, name: 'single' }).then(status => (answer = status))
  for (let now = 44; now < 100; now += 0.1) {
    world.advanceTo(now)
    world.step()
  }
  await new Promise(setImmediate)
  assert.notEqual(answer, 'none')
})
