import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { LatePolicy } from '../../../core/windows/settings.ts'
import type { Block, EventBlock } from '../../../sdk/plugin/index.ts'
import { testBatch } from '../../../sdk/plugin/testing.ts'
import { EPOCH, ruleOf, tumbling } from './harness.ts'
import { SteppedEngine } from './stepped-engine.ts'

const GROUPS = 6000
const SIZES = [tumbling(10_000), tumbling(60_000), { sizeMs: 30_000, everyMs: 10_000 }]

/** As `performance.now()` says, each step of an emission takes so long. How busy the machine is does not matter then. */
const STEP_MS = 100
const { now } = performance

before(() => {
  let time = 0
  performance.now = () => (time += STEP_MS)
})
after(() => {
  performance.now = now
})

it('regression: without a journal a window of many groups was emitted in one piece, and nobody had a turn', async () => {
  const engine = await SteppedEngine.start(ruleOf({ windows: [tumbling(10_000)], output: ['delta'] }))
  const sent = () => engine.outputs.reduce((sum, { value }) => sum + value, 0)
  engine.advanceTo(5)
  await engine.sendBlock(engine.fill(GROUPS, 5))
  engine.advanceTo(15)
  assert.ok(engine.isEmitting, 'it goes on in steps')
  assert.ok(sent() < GROUPS / 2, `${sent()} at once`)
  let turns = 0
  while (engine.step()) turns++
  assert.ok(turns > 3, `${turns} turns`)
  assert.equal(sent(), GROUPS)
  assert.equal(engine.context.account.imbalance, 0)
})

it('regression: without a journal batches waited until all groups of a window had been emitted', async () => {
  const engine = await SteppedEngine.start(ruleOf({ windows: [tumbling(10_000)], output: ['delta'] }))
  engine.advanceTo(5)
  await engine.sendBlock(engine.fill(GROUPS, 5))
  engine.advanceTo(15)
  assert.ok(engine.isEmitting)
  const { batch, settled } = testBatch(engine.fill(7, 15))
  engine.host.push(batch)
  assert.ok(batch.spent, 'it is counted while the window is emitted')
  assert.deepEqual(await settled, { status: 'acked' })
  while (engine.step());
  engine.advanceTo(30)
  while (engine.step());
  const sums = [20, 10].map(at => engine.outputs.filter(output => output.at === at).length)
  assert.deepEqual(sums, [7, GROUPS])
  assert.equal(engine.context.account.imbalance, 0)
})

it('regression: a window was emitted faster than exporters took it, until there was no room and batches were refused', async t => {
  let time = 0
  t.mock.method(performance, 'now', () => (time += 0.1))
  const engine = await SteppedEngine.start(ruleOf({ windows: [tumbling(10_000)], output: ['delta'] }))
  engine.advanceTo(5)
  const groups = 10 * GROUPS
  await engine.sendBlock(engine.fill(groups, 5))
  const { outputBudget } = engine.context
  const ahead = outputBudget.tryTake(outputBudget.capacity * 0.3)
  engine.advanceTo(15)
  const turns = () => {
    let turns = 0
    for (const before = engine.outputs.length; engine.outputs.length < before + groups / 3; turns++) engine.step()
    return turns
  }
  const slow = turns()
  ahead!.release()
  const fast = turns()
  assert.ok(slow > 5 * fast, `${slow} turns for a third of the groups, and ${fast} for the next`)
  while (engine.step());
  assert.equal(engine.outputs.length, groups)
})

it('regression: late values that came while windows were emitted took memory without end', async () => {
  const engine = await SteppedEngine.start(ruleOf({ windows: [tumbling(10_000)], output: ['delta'] }))
  engine.advanceTo(5)
  await engine.sendBlock(engine.fill(GROUPS, 5))
  engine.advanceTo(15)
  assert.ok(engine.isEmitting)
  const batches = Array.from({ length: 20 }, () => testBatch(engine.fill(GROUPS, 1)).batch)
  for (const batch of batches) engine.host.push(batch)
  const { account } = engine.context
  const counted = batches.filter(({ spent }) => spent).length
  assert.ok(counted > 5 && counted < 15, `${counted} batches`)
  assert.equal(account.inFlight, (batches.length - counted) * GROUPS, 'the others wait')
  while (engine.step());
  assert.ok(batches.every(({ spent }) => spent))
  engine.advanceTo(60)
  while (engine.step());
  const late = engine.outputs.filter(({ series }) => series.includes('late=true'))
  assert.equal(
    late.reduce((sum, { value }) => sum + value, 0),
    batches.length * GROUPS
  )
  assert.deepEqual([account.imbalance, account.inFlight], [0, 0])
})

describe('batches that come while windows are emitted have the effect that they would have afterwards', () => {
  for (const late of ['add', 'drop', 'amend', 'side_output'] as const)
    it(`late: ${late}`, async () => {
      const [during, after] = [await runOf(late, true), await runOf(late, false)]
      assert.deepEqual(during.outputs, after.outputs)
      assert.deepEqual(during.dropped, after.dropped)
      assert.ok(during.turns > 3, `${during.turns} turns`)
    })
})

/** Many groups, with batches that come between the steps of emissions, or when these are done. */
async function runOf(late: LatePolicy, comesBetween: boolean) {
  const rule = ruleOf({ windows: SIZES, late, gauges: ['last', 'max'] })
  const engine = await SteppedEngine.start(rule, { ...rule, by: ['i'] })
  let turns = 0
  for (let round = 1; round <= 7; round++) {
    const now = round * 10 + 5
    engine.advanceTo(now - 9)
    await engine.sendBlock(engine.fill(GROUPS, now - 9))
    await engine.sendBlock(events(now - 9, 1))
    engine.advanceTo(now)
    assert.ok(engine.isEmitting)
    const more = batchesAt(engine, now)
    for (const block of more) {
      if (comesBetween) if (engine.step()) turns++
      if (!comesBetween) while (engine.step());
      engine.host.push(testBatch(block).batch)
    }
    while (engine.step());
  }
  for (let now = 80; now <= 200; now += 5) {
    engine.advanceTo(now)
    while (engine.step());
  }
  assert.equal(engine.context.account.imbalance, 0)
  assert.equal(engine.context.account.inFlight, 0)
  return { outputs: engine.lines.sort(), dropped: engine.dropped, turns }
}

/** On time, late by a window or by many, of old and of new groups, cumulative ones and gauges among them. */
function batchesAt(engine: SteppedEngine, now: number): Block[] {
  const times = [now, now - 6, now - 11, now - 25, now - 65]
  const cumulative = { temporality: 'cumulative' } as const
  const points = times.flatMap((at, i) => [
    { at, name: 'hits', attributes: { i: `${GROUPS - 1 - i}` }, value: 3 },
    { at, name: 'hits', attributes: { i: `new ${now} ${i}` }, value: 5 },
    { at: now - 65 + i, name: 'up', attributes: { i: 'a' }, value: now * 100 + i, start: 1, metric: cumulative },
    { at, name: 'level', attributes: { i: 'a' }, value: now + i, metric: { kind: 'gauge' } as const }
  ])
  return [engine.block(points), events(now, 2), events(now - 11, 3), engine.block(points.toReversed())]
}

function events(at: number, value: number): EventBlock {
  const names = ['login', `of ${Math.floor(at / 20)}`]
  return {
    type: 'events',
    length: names.length,
    name: names,
    id: names.map(() => undefined),
    time: Float64Array.from(names, () => EPOCH + at * 1000),
    value: Float64Array.from(names, () => value),
    attributes: names.map(() => [['i', 'e']])
  }
}
