import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durableEngine, ruleOf, settingsOf, tumbling } from './harness.ts'

const RULE = ruleOf({ windows: [tumbling(10_000)], output: ['delta'], late: 'drop' })

test('regression: points that a full queue had refused were late when they came again', async () => {
  const world = await durableEngine(settingsOf(RULE)).start()
  world.advanceTo(5)
  await world.send({ at: 5 })
  for (let now = 6; now < 20; now++) {
    world.advanceTo(now)
    world.host.refuse()
  }
  world.advanceTo(22.5)
  await world.send(...[6, 10, 19].map(at => ({ at })))
  world.advanceTo(60)
  assert.deepEqual(world.dropped, {})
  assert.deepEqual(world.of('requests{window=10s}'), { 10: 2, 20: 2 })
})

test('a source that does not come again in time is silent', async () => {
  const world = await durableEngine(settingsOf(RULE)).start()
  world.advanceTo(5)
  await world.send({ at: 5 })
  world.host.refuse()
  // Retry-After, and the time after which sources are silent.
  world.advanceTo(5 + 3 + 2 + 3)
  assert.deepEqual(world.of('requests{window=10s}'), { 10: 1 })
  await world.send({ at: 6 })
  assert.deepEqual(world.dropped, { late: 1 })
})

test('a refused source keeps windows open for itself, and not for others', async () => {
  const world = await durableEngine(settingsOf(RULE)).start()
  world.advanceTo(5)
  await world.send({ at: 5 })
  for (let now = 6; now < 20; now++) {
    world.advanceTo(now)
    world.host.refuse('another')
  }
  assert.deepEqual(world.of('requests{window=10s}'), { 10: 1 })
})
