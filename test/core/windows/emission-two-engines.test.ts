import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreditPool } from '../../../core/batch/credits.ts'
import { CooperativeScheduler } from '../../../core/pipeline/ingest/cooperative.ts'
import { WindowEngine } from '../../../core/windows/engine.ts'
import { PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { FakeClock, ProcessorHarness, testContext } from '../../../sdk/plugin/testing.ts'
import { EPOCH, ruleOf, settingsOf, tumbling } from './harness.ts'

const METRIC = { name: 'hits', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const GROUPS = 60_000
/** As `limits.output`, which is for all processors. */
const OUTPUT = 2 * 2 ** 20

// Two processors with windows in one pipeline; the first has two rules. The exporter takes all at once.
test('regression: a processor with windows behind another one waited for output that was held by what waited in front of it', async t => {
  let time = 0
  t.mock.method(performance, 'now', () => (time += 100))
  const clock = new FakeClock(EPOCH)
  const cooperative = new CooperativeScheduler()
  cooperative.drive(() => {})
  const outputBudget = new CreditPool(OUTPUT)
  const shared = { outputBudget, inSteps: (step: () => boolean) => cooperative.add(step) }
  const one = Object.assign(testContext('one', clock), shared)
  const two = Object.assign(testContext('two', clock), shared, { series: one.series })
  let exported = 0
  const tumbling10 = { windows: [tumbling(10_000)], output: ['delta'] as const }
  const first = new WindowEngine(
    settingsOf(
      ruleOf({ ...tumbling10, name: 'a.{name}' } as never),
      ruleOf({ ...tumbling10, name: 'b.{name}' } as never)
    ),
    one
  )
  const second = new WindowEngine(settingsOf(ruleOf({ ...tumbling10, windowAttribute: 'outer' } as never)), two)
  const behind = new ProcessorHarness(second, two, {
    downstream: batch => {
      exported += batch.block.length
      batch.ack()
    }
  }).open()
  const front = new ProcessorHarness(first, one, { downstream: batch => behind.push(batch) }).open()
  await first.start()
  await second.start()
  const fill = (at: number) => {
    const builder = new PointBlockBuilder(GROUPS)
    for (let i = 0; i < GROUPS; i++)
      builder.addId(one.series, one.series.idOf(METRIC, [['i', `${i}`]]), EPOCH + at * 1000, 1)
    void front.send(builder.build())
  }
  // Four windows of the first end at once, as after a while in which it was behind.
  for (const at of [5, 15, 25, 35]) fill(at)
  for (let now = 36; now < 300; now += 0.1) {
    clock.advanceTo(EPOCH + now * 1000)
    // So many turns in 100 ms.
    for (let i = 0; i < 5 && !cooperative.isDone; i++) cooperative.takeOne()
  }
  assert.deepEqual([one.account.inFlight, two.account.inFlight, outputBudget.used], [0, 0, 0])
  assert.ok(exported > 0)
})
