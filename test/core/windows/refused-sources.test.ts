import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durableEngine, ruleOf, settingsOf, tumbling, type WindowHarness } from './harness.ts'

const RULE = ruleOf({ windows: [tumbling(10_000)], output: ['delta'], late: 'drop' })
const WINDOW = 'requests{window=10s}'

/** One second after the other, in which all is refused. */
function refuse(world: WindowHarness, from: number, to: number, source?: string): void {
  for (let now = from; now < to; now++) {
    world.advanceTo(now)
    world.host.refuse(source)
  }
}

async function started(): Promise<WindowHarness> {
  const world = await durableEngine(settingsOf(RULE)).start()
  world.advanceTo(5)
  await world.send({ at: 5 })
  return world
}

test('regression: points that a full queue had refused were late when they came again', async () => {
  const world = await started()
  refuse(world, 6, 20)
  // Senders come again after 5 s, or somewhat later.
  world.advanceTo(24.5)
  await world.send(...[6, 10, 19].map(at => ({ at })))
  world.advanceTo(60)
  assert.deepEqual(world.dropped, {})
  assert.deepEqual(world.of(WINDOW), { 10: 2, 20: 2 })
})

test('a source that does not come again in time is silent', async () => {
  const world = await started()
  world.host.refuse()
  world.advanceTo(5 + 10 + 2 + 3)
  assert.deepEqual(world.of(WINDOW), { 10: 1 })
  await world.send({ at: 6 })
  assert.deepEqual(world.dropped, { late: 1 })
})

test('a refused source keeps windows open for itself, and not for others', async () => {
  const world = await started()
  refuse(world, 6, 20, 'another')
  assert.deepEqual(world.of(WINDOW), { 10: 1 })
})

test('regression: windows waited for hours while an exporter was down that did not get them', async () => {
  const world = await started()
  refuse(world, 6, 60)
  assert.deepEqual(world.of(WINDOW), {})
  // Since the first refusal: max_source_lag of 60 s, and the time until a source is silent. Then lateness, and a tick.
  refuse(world, 60, 6 + 60 + 2 + 3)
  assert.deepEqual(world.of(WINDOW), { 10: 1 })
  world.advanceTo(80)
  await world.send({ at: 80 })
  refuse(world, 81, 120)
  assert.deepEqual(world.of(WINDOW), { 10: 1 }, 'it was heard again: it has the whole time anew')
})
