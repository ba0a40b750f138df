import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ruleOf, tumbling } from './harness.ts'
import { SteppedEngine } from './stepped-engine.ts'

const GROUPS = 60_000
/** Lateness of the harness, and a tick. */
const AFTER_END = 3

/** Each step of its emissions is a turn. */
async function start(t: TestContext, sizeMs = 10_000) {
  let time = 0
  t.mock.method(performance, 'now', () => (time += 100))
  const engine = await SteppedEngine.start(ruleOf({ windows: [tumbling(sizeMs)], output: ['delta'] }))
  const fill = (at: number) => {
    engine.advanceTo(at)
    return engine.sendBlock(engine.fill(GROUPS, at))
  }
  return { engine, fill }
}

test('an emission that takes longer than two further windows is behind, and takes no batches until it is done', async t => {
  const { engine, fill } = await start(t)
  for (const at of [5, 12]) await fill(at)
  engine.advanceTo(10 + AFTER_END)
  assert.ok(engine.isEmitting)
  await fill(22)
  engine.advanceTo(20 + AFTER_END)
  assert.ok(engine.host.isReady, 'one further window has ended')
  engine.step()
  engine.advanceTo(30 + AFTER_END)
  assert.ok(!engine.host.isReady)
  while (engine.step());
  assert.ok(engine.host.isReady)
  engine.advanceTo(60)
  while (engine.step());
  assert.ok(engine.host.isReady)
  assert.equal(engine.outputs.length, 3 * GROUPS)
})

test('an emission of small windows has some seconds before it is behind', async t => {
  const { engine, fill } = await start(t, 1000)
  await fill(0.5)
  engine.advanceTo(1 + AFTER_END)
  assert.ok(engine.isEmitting)
  await fill(1 + AFTER_END)
  engine.advanceTo(1 + AFTER_END + 4)
  assert.ok(engine.host.isReady, 'four further windows have ended')
  engine.advanceTo(1 + AFTER_END + 6)
  assert.ok(!engine.host.isReady)
})

test('an emission waits while exporters take nothing, and keeps no more than a few blocks', async t => {
  const { engine, fill } = await start(t)
  await fill(5)
  let takes = false
  let offered = 0
  let exported = 0
  engine.onBatch = batch => {
    offered++
    if (!takes) return batch.nack(new Error('full'))
    exported += batch.block.length
    batch.ack()
  }
  engine.advanceTo(10 + AFTER_END)
  while (engine.step());
  const { account } = engine.context
  assert.ok(account.inFlight > 0 && account.inFlight <= GROUPS / 2, `${account.inFlight} points wait`)
  const before = offered
  engine.step()
  assert.equal(offered, before, 'nothing is tried between two ticks')
  engine.advanceTo(14)
  while (engine.step());
  assert.ok(offered > before, 'it is tried again')
  takes = true
  engine.advanceTo(15)
  while (engine.step());
  assert.equal(exported, GROUPS)
  assert.deepEqual([account.imbalance, account.inFlight], [0, 0])
})
