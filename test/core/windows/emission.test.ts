import assert from 'node:assert/strict'
import { it } from 'node:test'
import plugin from '../../../processors/windowed_counter/index.ts'
import { PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { ProcessorHarness, testBatch, testConfig, testContext } from '../../../sdk/plugin/testing.ts'

const METRIC = { name: 'hits', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const SERIES = 50_000

it('regression: without a journal a window of many groups was emitted in one piece, and nobody had a turn', async () => {
  const context = testContext('windowed_counter')
  const steps: (() => boolean)[] = []
  const sums: number[] = []
  context.inSteps = step => void steps.push(step)
  const processor = plugin.create(testConfig(plugin, { windows: ['10s'], output: ['delta'] }), context)
  const host = new ProcessorHarness(processor, context, {
    downstream: batch => {
      sums.push(batch.block.value.reduce((sum, value) => sum + value, 0))
      batch.ack()
    }
  })
  host.open()
  await processor.start?.(new AbortController().signal)
  const send = (series: number) => {
    const builder = new PointBlockBuilder(series)
    for (let i = 0; i < series; i++)
      builder.addId(context.series, context.series.idOf(METRIC, [['i', `${i}`]]), context.clock.now(), 1)
    host.push(testBatch(builder.build()).batch)
  }
  const sent = () => sums.reduce((sum, value) => sum + value, 0)
  context.clock.advance(10_000 - (context.clock.now() % 10_000))
  send(SERIES)
  context.clock.advance(13_000)
  assert.equal(steps.length, 1, 'it goes on in steps')
  const atOnce = sent()
  assert.ok(atOnce < SERIES / 2, `${atOnce} at once`)
  send(7)
  assert.equal(context.account.inFlight, 7, 'a batch that comes meanwhile waits')
  let turns = 0
  while (steps[0]()) turns++
  assert.ok(turns > 3, `${turns} turns`)
  assert.equal(sent(), SERIES)
  assert.equal(context.account.inFlight, 0)
  context.clock.advance(13_000)
  assert.equal(sent(), SERIES + 7)
  assert.equal(context.account.imbalance, 0)
})
