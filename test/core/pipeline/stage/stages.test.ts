import assert from 'node:assert/strict'
import { it } from 'node:test'
import { EMPTY, map, Observable, take } from 'rxjs'
import type { Batch } from '../../../../core/batch/batch.ts'
import { type Block, NO_ATTRIBUTES, PointBlockBuilder, type Processor } from '../../../../sdk/plugin/index.ts'
import { ProcessorHarness, testContext } from '../../../../sdk/plugin/testing.ts'

function points(...values: number[]): Block {
  const builder = new PointBlockBuilder()
  const metric = { name: 'm', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
  for (const value of values) builder.add(testContext().series.intern(metric, NO_ATTRIBUTES), 0, value)
  return builder.build()
}

function run(processor: Processor) {
  const context = testContext()
  const seen: number[][] = []
  const downstream = (batch: Batch) => {
    seen.push([...(batch.block as { value: Float64Array }).value])
    batch.ack()
  }
  const harness = new ProcessorHarness(processor, context, { downstream }).open()
  const send = (...values: number[]) => harness.send(points(...values))
  return { context, seen, send }
}

const throwsOnce = (): ((block: Block) => Block) => {
  let calls = 0
  return block => {
    if (++calls === 1) throw new Error('oops')
    return block
  }
}

it('a map processor’s throw hands the batch back; the stream goes on', async () => {
  const { context, seen, send } = run({ process: throwsOnce() })
  assert.equal((await send(1)).status, 'nacked')
  assert.equal((await send(2)).status, 'acked')
  assert.deepEqual(seen, [[2]])
  assert.equal(context.account.refused, 1)
  assert.equal(context.account.imbalance, 0)
})

it('a stream processor’s error hands the batch back, and it starts anew', async () => {
  const change = throwsOnce()
  const { context, seen, send } = run({ operator: () => map(batch => batch.replace(change(batch.block))) })
  assert.equal((await send(1)).status, 'nacked')
  assert.equal((await send(2)).status, 'acked')
  assert.deepEqual(seen, [[2]])
  assert.equal(context.account.imbalance, 0)
})

it('a batch processor that throws when it is told of a refused batch harms nobody', async () => {
  const context = testContext()
  const inputRefused = () => {
    throw new Error('oops')
  }
  const harness = new ProcessorHarness({ open() {}, receive: batch => batch.ack(), inputRefused }, context).open()
  harness.refuse()
  assert.equal((await harness.send(points(1))).status, 'acked')
})

it('items a map processor leaves out without a reason are counted as such', async () => {
  const { context, send } = run({ process: () => points(1) })
  await send(1, 2, 3)
  assert.deepEqual([...context.account.dropped], [['unstated', 2]])
  assert.equal(context.account.imbalance, 0)
})

it('a block of nothing settles the batch', async () => {
  const { seen, send } = run({ process: () => points() })
  assert.equal((await send(1)).status, 'acked')
  assert.deepEqual(seen, [])
})

it('items a map processor adds are produced', async () => {
  const { context, send } = run({ process: () => points(1, 2, 3) })
  await send(1)
  assert.equal(context.account.produced, 2)
  assert.equal(context.account.imbalance, 0)
})

it('regression: a map processor that forgot to return handed nothing back and ended the process', async () => {
  const { context, send } = run({ process: (() => {}) as unknown as (block: Block) => Block })
  assert.equal((await send(1)).status, 'nacked')
  assert.equal(context.account.imbalance, 0)
})

it('regression: a value that an observer’s next threw, be it no Error, ended the process', async () => {
  for (const thrown of [new Error('oops'), undefined]) {
    const operator = () => (source: Observable<Batch>) =>
      new Observable<Batch>(() =>
        source.subscribe({
          next() {
            throw thrown
          }
        })
      )
    const { context, send } = run({ operator })
    for (const value of [1, 2]) assert.equal((await send(value)).status, 'nacked')
    assert.equal(context.account.imbalance, 0)
  }
})

it('regression: batches after an operator’s early end were never settled', async () => {
  const { context, seen, send } = run({ operator: () => take(1) })
  for (const value of [1, 2]) assert.equal((await send(value)).status, 'acked')
  assert.deepEqual(seen, [[1], [2]])
  assert.equal(context.account.imbalance, 0)
})

it('an operator that ends at once hands everything back', async () => {
  const { context, send } = run({ operator: () => () => EMPTY })
  assert.equal((await send(1)).status, 'nacked')
  assert.equal(context.account.imbalance, 0)
})
