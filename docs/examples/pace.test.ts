import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Subject } from 'rxjs'
import { type Batch, PointBlockBuilder, type StreamProcessor } from 'weir/plugin'
import { testBatch, testConfig, testContext } from 'weir/plugin/testing'
import plugin from './pace.ts'

it('lets batches through one after another, each when its items are due', async () => {
  const context = testContext()
  const metric = { name: 'requests', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  const points = new PointBlockBuilder()
  for (let i = 0; i < 20; i++) points.add(context.series.intern(metric, []), 0, 1)
  const block = points.build()
  const processor = plugin.create(testConfig(plugin, { items_per_second: 10 }), context) as StreamProcessor
  const input = new Subject<Batch>()
  const passed: Batch[] = []
  input.pipe(processor.operator()).subscribe(batch => passed.push(batch))

  input.next(testBatch(block).batch)
  input.next(testBatch(block).batch)
  assert.equal(context.account.inFlight, 40)
  for (const [after, want] of [
    [1999, 0],
    [2000, 1],
    [4000, 2]
  ]) {
    context.clock.advance(after - (context.clock.now() - START))
    await new Promise(setImmediate)
    assert.equal(passed.length, want, `after ${after} ms`)
  }
  assert.equal(context.account.inFlight, 0)
})

const START = testContext().clock.now()
