import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ruleOf, tumbling } from './harness.ts'
import { SteppedEngine } from './stepped-engine.ts'

const GROUPS = 60_000

/** A sender sends a point each second, and what was refused a second later again. Each emission takes a while. */
async function emitted(t: TestContext, late: 'add' | 'drop', emissionUntil: number): Promise<SteppedEngine> {
  let time = 0
  t.mock.method(performance, 'now', () => (time += 100))
  const world = await SteppedEngine.start(ruleOf({ windows: [tumbling(10_000)], output: ['delta'], late }))
  world.advanceTo(5)
  await world.sendBlock(world.fill(GROUPS, 5))
  let refused: number[] = []
  let doorWasClosed = false
  for (let now = 6; now < 90; now++) {
    world.advanceTo(now)
    const sent = [...refused, now]
    refused = []
    for (const at of sent) {
      if (world.host.isReady) await world.send({ at, value: 1, name: 'single' })
      else {
        doorWasClosed = true
        world.host.refuse()
        refused.push(at)
      }
    }
    // The emission is done half a second before the senders come again.
    world.advanceTo(now + 0.4)
    if (now > emissionUntil) while (world.step());
  }
  world.advanceTo(120)
  while (world.step());
  assert.ok(doorWasClosed)
  return world
}

for (const late of ['drop', 'add'] as const)
  test(`regression: points that the door had refused were late when they came again (late: ${late})`, async t => {
    const world = await emitted(t, late, 45)
    assert.deepEqual(world.dropped, {})
    assert.equal(world.context.counters.get('late_items_total') ?? 0, 0)
  })
