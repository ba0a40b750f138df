import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreditPool } from '../../../core/batch/credits.ts'
import { CooperativeScheduler } from '../../../core/pipeline/ingest/cooperative.ts'
import { WindowEngine } from '../../../core/windows/engine.ts'
import { type Batch, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { EPOCH, ruleOf, settingsOf, tumbling, WindowHarness } from './harness.ts'

const METRIC = { name: 'hits', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const GROUPS = 2000

// The exporter has each batch in hand for some seconds, and its queue is not full: only the processor can tell senders to wait.
test('regression: windows that were each emitted at once waited without end while there was no room for output', async t => {
  let time = 0
  t.mock.method(performance, 'now', () => (time += 0.01))
  const cooperative = new CooperativeScheduler()
  cooperative.drive(() => {})
  const context = Object.assign(testContext('windows'), {
    inSteps: (step: () => boolean) => cooperative.add(step),
    outputBudget: new CreditPool(64 * 1024)
  })
  const settings = settingsOf(ruleOf({ windows: [tumbling(1000)], output: ['delta'] }))
  const world = new WindowHarness(() => new WindowEngine(settings, context), context)
  const inHand: [Batch, number][] = []
  world.onBatch = batch => void inHand.push([batch, world.context.clock.now() + 3000 * (inHand.length + 1)])
  await world.start()
  let refused = 0
  let taken = 0
  let mostWaiting = 0
  const { series } = context
  for (let now = 1; now < 200; now++) {
    for (let part = 0; part < 10; part++) {
      world.advanceTo(now + part / 10)
      while (inHand.length > 0 && inHand[0][1] <= context.clock.now()) inHand.shift()![0].ack()
      for (let i = 0; i < 100 && !cooperative.isDone; i++) cooperative.takeOne()
    }
    if (!world.host.isReady) {
      refused++
      continue
    }
    const builder = new PointBlockBuilder(GROUPS)
    for (let i = 0; i < GROUPS; i++)
      builder.addId(series, series.idOf(METRIC, [['i', `${i}`]]), EPOCH + (now + 0.9) * 1000, 1)
    void world.sendBlock(builder.build())
    taken++
    mostWaiting = Math.max(mostWaiting, taken - world.outputs.length / GROUPS)
  }
  assert.ok(refused > 0)
  assert.ok(mostWaiting < 20, `${mostWaiting} windows wait, and senders were refused ${refused} times`)
})
