import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Batch, type Outcome } from '../../../core/batch/batch.ts'
import { CreditPool } from '../../../core/batch/credits.ts'
import { PointBlockBuilder } from '../../../sdk/plugin/index.ts'

const BLOCK = new PointBlockBuilder().build()

function make(): { batch: Batch; outcomes: Outcome[] } {
  const outcomes: Outcome[] = []
  return { batch: Batch.of({ source: 'test' }, BLOCK, outcome => outcomes.push(outcome)), outcomes }
}

const cases: [string, (batch: Batch) => void, Outcome['status'] | undefined][] = [
  ['an ack', batch => batch.ack(), 'acked'],
  ['a nack', batch => batch.nack(new Error('no')), 'nacked'],
  ['the outcome of another batch', batch => batch.settle({ status: 'dropped', items: 1, reason: 'bad' }), 'dropped'],
  ['all branches acked', batch => batch.fork(3).forEach(branch => void branch.ack()), 'acked'],
  [
    'one branch open',
    batch =>
      batch
        .fork(3)
        .slice(1)
        .forEach(branch => void branch.ack()),
    undefined
  ],
  [
    'the worst branch wins',
    batch => {
      const [a, b, c] = batch.fork(3)
      a.drop('bad')
      b.nack(new Error('no'))
      c.ack()
    },
    'nacked'
  ],
  [
    'a drop is worse than an ack',
    batch => {
      const [a, b] = batch.fork(2)
      a.drop('bad', 1)
      b.ack()
    },
    'dropped'
  ],
  ['split into nothing', batch => void batch.split([]), 'acked'],
  [
    'a fork of a replaced part of a split',
    batch => {
      for (const part of batch.split([BLOCK, BLOCK])) for (const leaf of part.replace(BLOCK).fork(2)) leaf.ack()
    },
    'acked'
  ]
]
for (const [name, act, want] of cases) {
  it(`settles once: ${name}`, () => {
    const { batch, outcomes } = make()
    act(batch)
    assert.deepEqual(
      outcomes.map(outcome => outcome.status),
      want === undefined ? [] : [want]
    )
  })
}

it('adds up the drops of branches', () => {
  const { batch, outcomes } = make()
  for (const branch of batch.fork(2)) branch.drop('bad', 3)
  assert.deepEqual(outcomes, [{ status: 'dropped', items: 6, reason: 'bad' }])
})

it('a handle works once', () => {
  const { batch } = make()
  batch.ack()
  assert.ok(batch.spent)
  for (const again of [() => batch.ack(), () => batch.fork(2), () => batch.replace(BLOCK)])
    assert.throws(again, { code: 'BATCH_SPENT' })
})

it('holds its permit until the last branch has settled', () => {
  const pool = new CreditPool(100)
  const [a, b] = Batch.of({ source: 'test' }, BLOCK, () => {}, pool.tryTake(60)).fork(2)
  a.ack()
  assert.equal(pool.used, 60)
  b.ack()
  assert.equal(pool.used, 0)
})
