import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WindowEngine } from '../../../core/windows/engine.ts'
import { type Batch, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { EPOCH, ruleOf, settingsOf, tumbling, WindowHarness } from './harness.ts'

const METRIC = { name: 'hits', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const GROUPS = 60_000

test('regression: a batch that waited for the end of an emission waited as long as exporters took nothing', async t => {
  let time = 0
  t.mock.method(performance, 'now', () => (time += 100))
  const context = testContext('windows')
  let steps: (() => boolean)[] = []
  context.inSteps = step => void steps.push(step)
  const settings = settingsOf(ruleOf({ windows: [tumbling(60_000)], output: ['delta'] }))
  const world = new WindowHarness(() => new WindowEngine(settings, context), context)
  let takes = true
  world.onBatch = (batch: Batch) => (takes ? batch.ack() : batch.nack(new Error('full')))
  await world.start()
  const { series } = context
  const block = (at: number) => {
    const builder = new PointBlockBuilder(GROUPS)
    for (let i = 0; i < GROUPS; i++) builder.addId(series, series.idOf(METRIC, [['i', `${i}`]]), EPOCH + at * 1000, 1)
    return builder.build()
  }
  // EPOCH is 20 s after the beginning of a window of a minute.
  await world.sendBlock(block(30))
  takes = false
  world.advanceTo(43)
  assert.ok(steps.length > 0, 'it emits')
  // Late ones, which wait for the end of the emission.
  for (let i = 0; i < 2; i++) await world.sendBlock(block(31))
  let answer = 'none'
  void world.send({ at: 44, value: 1, name: 'single' }).then(status => (answer = status))
  for (let now = 44; now < 100; now += 0.1) {
    world.advanceTo(now)
    steps = steps.filter(step => step())
  }
  await new Promise(setImmediate)
  assert.notEqual(answer, 'none')
})
