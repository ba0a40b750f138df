import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { WindowEngine } from '../../../core/windows/engine.ts'
import { type Batch, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { EPOCH, ruleOf, settingsOf, tumbling, WindowHarness } from './harness.ts'

const METRIC = { name: 'hits', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const GROUPS = 60_000
/** Lateness of the harness, and a tick. */
const AFTER_END = 3

/** An engine whose emission takes a step each time it is told so, and an exporter that may take nothing. */
class World extends WindowHarness {
  takes = true
  /** Batches that the exporter was offered. */
  offered = 0
  #steps: (() => boolean)[] = []

  static async start(t: TestContext, sizeMs = 10_000): Promise<World> {
    let time = 0
    t.mock.method(performance, 'now', () => (time += 100))
    const context = testContext('windows')
    const settings = settingsOf(ruleOf({ windows: [tumbling(sizeMs)], output: ['delta'] }))
    const world = new World(() => new WindowEngine(settings, context), context)
    context.inSteps = step => void world.#steps.push(step)
    await world.start()
    return world
  }

  get isEmitting(): boolean {
    return this.#steps.length > 0
  }

  step(): boolean {
    this.#steps = this.#steps.filter(step => step())
    return this.isEmitting
  }

  /** A point of each group, at a time in seconds after the epoch. */
  fill(at: number): Promise<string> {
    const { series } = this.context
    const builder = new PointBlockBuilder(GROUPS)
    for (let i = 0; i < GROUPS; i++) builder.addId(series, series.idOf(METRIC, [['i', `${i}`]]), EPOCH + at * 1000, 1)
    this.advanceTo(at)
    return this.sendBlock(builder.build())
  }

  protected override record(batch: Batch): void {
    this.offered++
    if (this.takes) super.record(batch)
  }

  override onBatch = (batch: Batch): void => {
    if (this.takes) batch.ack()
    else batch.nack(new Error('full'))
  }
}

test('an emission that takes longer than two further windows is behind, and takes no batches until it is done', async t => {
  const world = await World.start(t)
  for (const at of [5, 12]) await world.fill(at)
  world.advanceTo(10 + AFTER_END)
  assert.ok(world.isEmitting)
  await world.fill(22)
  world.advanceTo(20 + AFTER_END)
  assert.ok(world.host.isReady, 'one further window has ended')
  world.step()
  world.advanceTo(30 + AFTER_END)
  assert.ok(!world.host.isReady)
  while (world.step());
  assert.ok(world.host.isReady)
  world.advanceTo(60)
  while (world.step());
  assert.ok(world.host.isReady)
  assert.equal(world.outputs.length, 3 * GROUPS)
})

test('an emission of small windows has some seconds before it is behind', async t => {
  const world = await World.start(t, 1000)
  await world.fill(0.5)
  world.advanceTo(1 + AFTER_END)
  assert.ok(world.isEmitting)
  await world.fill(1 + AFTER_END)
  world.advanceTo(1 + AFTER_END + 4)
  assert.ok(world.host.isReady, 'four further windows have ended')
  world.advanceTo(1 + AFTER_END + 6)
  assert.ok(!world.host.isReady)
})

test('an emission waits while exporters take nothing, and keeps no more than a few blocks', async t => {
  const world = await World.start(t)
  await world.fill(5)
  world.takes = false
  world.advanceTo(10 + AFTER_END)
  while (world.step());
  const { account } = world.context
  assert.ok(account.inFlight > 0 && account.inFlight <= GROUPS / 2, `${account.inFlight} points wait`)
  const { offered } = world
  world.step()
  assert.equal(world.offered, offered, 'nothing is tried between two ticks')
  world.advanceTo(14)
  while (world.step());
  assert.ok(world.offered > offered, 'it is tried again')
  world.takes = true
  world.advanceTo(15)
  while (world.step());
  assert.equal(world.outputs.length, GROUPS)
  assert.deepEqual([account.imbalance, account.inFlight], [0, 0])
})
