import assert from 'node:assert/strict'
import { it } from 'node:test'
import { mergeMap } from 'rxjs'
import {
  type Batch,
  type Block,
  bufferBatches,
  groupByAttribute,
  mapBlock,
  retryNacked,
  sliceBlock,
  splitBlock
} from '../../../sdk/plugin/index.ts'
import { type MakeOperator, namesOf, OperatorRun, type OperatorRunOptions } from './operator-run.ts'

function run(make: MakeOperator, downstream?: OperatorRunOptions['downstream']): OperatorRun {
  const line = new OperatorRun(make, { downstream })
  line.harness.open()
  return line
}

const halves = (block: Block) => {
  const middle = block.length >> 1
  return [sliceBlock(block, 0, middle), sliceBlock(block, middle, block.length)]
}

it('mapBlock puts another block in the place of each, and ends a batch of nothing', async () => {
  const line = run(({ account }) =>
    mapBlock(block => {
      const kept = namesOf(block) === 'a' ? sliceBlock(block, 0, 0) : block
      account.drop('left_out', block.length - kept.length)
      return kept
    })
  )
  line.send('a')
  line.send('b')
  await line.harness.advance(0)
  assert.deepEqual([line.out, line.outcomes], [['b'], ['a acked', 'b acked']])
  line.assertSettled()
})

it('splitBlock: a batch has ended when all parts of it have', async () => {
  const held: Batch[] = []
  const line = run(
    () => splitBlock(halves),
    batch => held.push(batch)
  )
  line.send('a', 'b', 'c')
  assert.deepEqual(line.out, ['a', 'b,c'])
  held[0].ack()
  await line.harness.advance(0)
  assert.deepEqual(line.outcomes, [])
  held[1].drop('rejected')
  await line.harness.advance(0)
  assert.deepEqual(line.outcomes, ['a,b,c dropped'])
  line.assertSettled()
})

it('bufferBatches joins the batches of a time span, up to a number of items, of one source', async () => {
  const line = run(({ scheduler }) => bufferBatches({ maxItems: 3, maxTimeMs: 100, scheduler }))
  line.send('a')
  line.send('b')
  await line.harness.advance(99)
  assert.deepEqual([line.out, line.context.account.inFlight], [[], 2])
  await line.harness.advance(1)
  for (const names of [['c'], ['d', 'e'], ['f'], ['g', 'h', 'i'], ['j']]) line.send(...names)
  assert.deepEqual(line.out, ['a,b', 'c,d,e', 'f', 'g,h,i'])
  void line.harness.finish()
  await line.harness.advance(0)
  assert.deepEqual(line.out.at(-1), 'j')
  assert.equal(line.harness.isFinished, true)
  line.assertSettled()
})

it('bufferBatches: each batch is answered as the one it went into', async () => {
  for (const [settle, want] of [
    [(batch: Batch) => batch.nack(new Error('full')), ['a nacked', 'b nacked']],
    [(batch: Batch) => batch.drop('rejected', 1), ['a dropped', 'b acked']]
  ] as const) {
    const line = run(({ scheduler }) => bufferBatches({ maxItems: 2, maxTimeMs: 100, scheduler }), settle)
    line.send('a')
    line.send('b')
    await line.harness.advance(0)
    assert.deepEqual(line.outcomes, want)
    line.assertSettled()
  }
})

it('groupByAttribute: a stream for each value, which ends when it is idle', async () => {
  let groups = 0
  const line = run(
    ({ scheduler }) =>
      source =>
        source.pipe(
          groupByAttribute('t', { idleMs: 1000, scheduler }),
          mergeMap(group => {
            groups++
            return group.pipe(bufferBatches({ maxItems: 2, maxTimeMs: 100, scheduler }))
          })
        )
  )
  line.send('a1', 'b1', 'b2')
  line.send('a2')
  assert.deepEqual(line.out, ['b1,b2', 'a1,a2'])
  await line.harness.advance(1001)
  line.send('a3', 'a4')
  await line.harness.advance(0)
  assert.equal(groups, 3)
  assert.deepEqual(line.outcomes, ['a1,b1,b2 acked', 'a2 acked', 'a3,a4 acked'])
  line.assertSettled()
})

it('retryNacked emits nacked batches again, with growing pauses, and then gives up', async () => {
  const line = run(
    ({ scheduler }) => retryNacked({ attempts: 3, pauseMs: 100, scheduler }),
    (batch, turn) => (turn === 3 ? batch.ack() : batch.nack(new Error('full')))
  )
  line.send('a')
  assert.equal(line.context.account.inFlight, 1)
  await line.harness.advance(100)
  assert.equal(line.out.length, 2)
  await line.harness.advance(199)
  assert.deepEqual([line.out.length, line.outcomes], [2, []])
  await line.harness.advance(1)
  assert.deepEqual(line.outcomes, ['a nacked'])
  line.send('b')
  await line.harness.advance(0)
  assert.deepEqual(line.outcomes, ['a nacked', 'b acked'])
  line.assertSettled()
})

it('retryNacked completes once nothing waits for another attempt', async () => {
  const line = run(
    ({ scheduler }) => retryNacked({ attempts: 2, pauseMs: 100, scheduler }),
    (batch, turn) => (turn === 0 ? batch.nack(new Error('full')) : batch.ack())
  )
  line.send('a')
  void line.harness.finish()
  await line.harness.advance(99)
  assert.equal(line.harness.isFinished, false)
  await line.harness.advance(1)
  assert.deepEqual([line.harness.isFinished, line.outcomes], [true, ['a acked']])
  line.assertSettled()
})
