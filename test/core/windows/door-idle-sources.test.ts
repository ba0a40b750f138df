import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { WindowEngine } from '../../../core/windows/engine.ts'
import { PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { EPOCH, ruleOf, settingsOf, tumbling, WindowHarness } from './harness.ts'

const METRIC = { name: 'hits', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const GROUPS = 60_000

class World extends WindowHarness {
  #steps: (() => boolean)[] = []

  static async start(t: TestContext, late: 'add' | 'drop'): Promise<World> {
    let time = 0
    t.mock.method(performance, 'now', () => (time += 100))
    const context = testContext('windows')
    const settings = settingsOf(ruleOf({ windows: [tumbling(10_000)], output: ['delta'], late }))
    const world = new World(() => new WindowEngine(settings, context), context)
    context.inSteps = step => void world.#steps.push(step)
    await world.start()
    return world
  }

  step(): boolean {
    this.#steps = this.#steps.filter(step => step())
    return this.#steps.length > 0
  }

  fill(at: number, groups: number): void {
    const { series } = this.context
    const builder = new PointBlockBuilder(groups)
    for (let i = 0; i < groups; i++) builder.addId(series, series.idOf(METRIC, [['i', `${i}`]]), EPOCH + at * 1000, 1)
    void this.sendBlock(builder.build())
  }
}

/** A sender sends a point each second, and what was refused a second later again. Each emission takes a while. */
async function emitted(t: TestContext, late: 'add' | 'drop', emissionUntil: number): Promise<World> {
  const world = await World.start(t, late)
  world.advanceTo(5)
  world.fill(5, GROUPS)
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
