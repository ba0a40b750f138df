import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Batch } from '../../../../sdk/plugin/index.ts'
import { FULL, firstOf, merge, OperatorUnderTest, split } from './operator-under-test.ts'

it('a batch of which a part was sent goes back whole, so that part is there twice', () => {
  const bench = new OperatorUnderTest()
  const [first, rest] = split(bench.take(3), 1).map(part => bench.emit(part))
  assert.deepEqual(bench.books, { received: 3, sent: 3 })
  rest.nack(FULL)
  assert.deepEqual(bench.books, { received: 3, sent: 1, inFlight: 2 }, 'it waits for the other part')
  first.ack()
  assert.deepEqual(bench.books, { received: 3, produced: 1, sent: 1, refused: 3 })
  bench.assertSettled()
})

it('regression: parts of joined batches that were sent were booked as refused, too', async () => {
  const bench = new OperatorUnderTest()
  const [first, rest] = split(merge(bench.take(2), bench.take(4)), 3)
  bench.emit(first).ack()
  assert.deepEqual(bench.books, { received: 6, sent: 3, inFlight: 3 })
  bench.emit(rest).nack(FULL)
  await bench.harness.advance(0)
  assert.deepEqual(bench.outcomes, ['a,b nacked', 'a,b,c,d nacked'])
  assert.deepEqual(bench.books, { received: 6, produced: 3, sent: 3, refused: 6 })
  bench.assertSettled()
})

it('regression: a batch was in flight as a whole until the last part of it was sent', () => {
  const bench = new OperatorUnderTest()
  const [first, rest] = split(bench.take(3), 1)
  bench.emit(first).ack()
  assert.deepEqual(bench.books, { received: 3, sent: 1, inFlight: 2 })
  bench.emit(rest).ack()
  assert.deepEqual(bench.books, { received: 3, sent: 3 })
  bench.assertSettled()
})

it('batches joined of joined ones go back to their senders, each whole', () => {
  const bench = new OperatorUnderTest()
  const [first, rest] = split(merge(bench.take(1), bench.take(2)), 1)
  const joined = merge(rest, bench.take(3))
  assert.deepEqual(bench.books, { received: 6, inFlight: 6 })
  bench.emit(first).ack()
  bench.emit(joined).nack(FULL)
  assert.deepEqual(bench.books, { received: 6, produced: 1, sent: 1, refused: 6 })
  bench.assertSettled()
})

it('items left out of a joined batch stay dropped, though they go back to their senders', () => {
  const bench = new OperatorUnderTest()
  const joined = merge(bench.take(2), bench.take(2))
  bench.context.account.drop('left_out', 1)
  const rest = joined.replace(firstOf(joined, 3))
  assert.deepEqual(bench.books, { received: 4, dropped: 1, inFlight: 3 })
  bench.emit(rest).nack(FULL)
  assert.deepEqual(bench.books, { received: 4, produced: 1, dropped: 1, refused: 4 })
  bench.assertSettled()
})

it('parts that the operator keeps, and those that it nacks itself, are in the books once', () => {
  const bench = new OperatorUnderTest()
  const [kept, rest] = split(bench.take(5), 2)
  bench.context.account.absorbed += 2
  kept.ack()
  assert.deepEqual(bench.books, { received: 5, absorbed: 2, inFlight: 3 })
  const [left, nacked] = split(rest, 1)
  nacked.nack(FULL)
  bench.emit(left).ack()
  assert.deepEqual(bench.books, { received: 5, produced: 3, sent: 1, absorbed: 2, refused: 5 })
  bench.assertSettled()
})

it('a batch that is emitted again after a part of it was sent is sent once more', () => {
  const bench = new OperatorUnderTest()
  const batch = bench.take(3)
  const attempt = (settle: (part: Batch) => void) => {
    const parts = split(
      Batch.derive([batch], batch.block, outcome => outcome.status === 'acked' && batch.ack()),
      1
    )
    bench.emit(parts[0]).ack()
    settle(bench.emit(parts[1]))
  }
  attempt(part => part.nack(FULL))
  assert.deepEqual(bench.books, { received: 3, produced: 1, sent: 1, inFlight: 3 })
  attempt(part => part.ack())
  assert.deepEqual(bench.books, { received: 3, produced: 1, sent: 4 })
  bench.assertSettled()
})

for (const [what, ends, books] of [
  ['both sent', ['ack', 'ack'], { received: 2, produced: 2, sent: 4 }],
  ['one nacked', ['nack', 'ack'], { received: 2, sent: 2 }],
  ['the other nacked', ['ack', 'nack'], { received: 2, sent: 2 }]
] as const)
  it(`a batch that two were derived of, ${what}`, () => {
    const bench = new OperatorUnderTest()
    const batch = bench.take(2)
    let ended = 0
    const copies = ends.map(() => Batch.derive([batch], batch.block, () => ++ended === 2 && batch.ack()))
    assert.deepEqual(bench.books, { received: 2, produced: 2, inFlight: 4 })
    const sent = copies.map(copy => bench.emit(copy))
    for (const [i, end] of ends.entries()) sent[i][end](FULL)
    assert.deepEqual(bench.books, books)
    bench.assertSettled()
  })

it('a batch that two were derived of goes back if one of them was sent', () => {
  const bench = new OperatorUnderTest()
  const batch = bench.take(2)
  const copies = [0, 1].map(() => Batch.derive([batch], batch.block, () => {}))
  bench.emit(copies[0]).ack()
  bench.emit(copies[1]).nack(FULL)
  batch.nack(FULL)
  assert.deepEqual(bench.books, { received: 2, produced: 2, sent: 2, refused: 2 })
  bench.assertSettled()
})

it('a batch that is emitted, and another one derived of it, are twice the items', () => {
  const bench = new OperatorUnderTest()
  const batch = bench.take(2)
  const copy = Batch.derive([batch], batch.block, () => {})
  bench.emit(batch).ack()
  assert.deepEqual(bench.books, { received: 2, produced: 2, sent: 2, inFlight: 2 })
  bench.emit(copy).nack(FULL)
  assert.deepEqual(bench.books, { received: 2, sent: 2 })
  bench.assertSettled()
})

it('an operator that acknowledges a batch answers for what was derived of it', () => {
  const bench = new OperatorUnderTest()
  const { account } = bench.context
  for (const settle of [(batch: Batch) => batch.ack(), (batch: Batch) => batch.nack(FULL)]) {
    const batch = bench.take(2)
    const derived = Batch.derive([batch], batch.block, ({ status }) => status === 'nacked' && account.drop('full', 2))
    batch.ack()
    settle(bench.emit(derived))
  }
  assert.deepEqual(bench.books, { received: 4, sent: 2, dropped: 2 })
  const batch = bench.take(2)
  Batch.derive([batch], batch.block, ({ status }) => status === 'nacked' && account.drop('failed', 2))
  batch.ack()
  bench.fail()
  assert.deepEqual(bench.books, { received: 6, sent: 2, dropped: 4 })
  bench.assertSettled()
})

it('regression: a batch could not be ended while one was on its way that was made of an ended part of it', async () => {
  const bench = new OperatorUnderTest()
  const batch = bench.take(2)
  const parts = split(
    Batch.derive([batch], batch.block, outcome => batch.settle(outcome)),
    1
  )
  const sent = parts.map(part => {
    const derived = Batch.derive([part], part.block, () => {})
    part.ack()
    return bench.emit(derived)
  })
  for (const one of sent) one.ack()
  await bench.harness.advance(0)
  assert.deepEqual(bench.outcomes, ['a,b acked'])
  assert.deepEqual(bench.books, { received: 2, sent: 2 })
  bench.assertSettled()
})

it('copies that the operator has booked as produced are not refused', () => {
  for (const [end, books] of [
    ['ack', { received: 2, produced: 2, sent: 2, refused: 2 }],
    ['nack', { received: 2, refused: 2 }]
  ] as const) {
    const bench = new OperatorUnderTest()
    bench.context.account.produced += 2
    const [first, second] = bench.take(2).fork(2)
    bench.emit(first)[end](FULL)
    bench.emit(second).nack(FULL)
    assert.deepEqual(bench.books, books)
    bench.assertSettled()
  }
})
