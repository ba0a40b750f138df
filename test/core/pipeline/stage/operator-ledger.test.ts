import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Observable, type Subscriber } from 'rxjs'
import { joinBlocks } from '../../../../core/model/join.ts'
import { sliceBlock } from '../../../../core/model/slice.ts'
import { Batch } from '../../../../sdk/plugin/index.ts'
import { OperatorRun } from '../../../sdk/plugin/operator-run.ts'

const FULL = new Error('full')

/** An operator that does nothing by itself. The test has the batches inside, and those behind it. */
class Bench extends OperatorRun {
  readonly inside: Batch[] = []
  readonly behind: Batch[] = []
  #output!: Subscriber<Batch>

  /** @param held what another one had inside */
  constructor(held?: Uint8Array) {
    const behind: Batch[] = []
    const operator = () => (source: Observable<Batch>) =>
      new Observable<Batch>(output => {
        this.#output = output
        return source.subscribe(batch => this.inside.push(batch))
      })
    super(() => operator(), { downstream: batch => behind.push(batch) })
    this.behind = behind
    if (held !== undefined) this.harness.held!.restore(held)
    this.harness.open()
  }

  /** Sends a batch of so many events. Returns the handle that the operator is given. */
  take(items: number): Batch {
    this.send(...'abcdefghi'.slice(0, items))
    return this.inside.pop()!
  }

  /** Returns the batch behind the operator. */
  emit(batch: Batch): Batch {
    this.#output.next(batch)
    return this.behind.at(-1)!
  }

  /** Its batches are nacked, and it starts anew. */
  fail(): void {
    this.#output.error(FULL)
  }

  /** The columns that are not 0. */
  get books(): Record<string, number> {
    const { received, produced, sent, absorbed, refused, inFlight, imbalance, droppedTotal } = this.context.account
    const all = { received, produced, sent, absorbed, dropped: droppedTotal, refused, inFlight, imbalance }
    return Object.fromEntries(Object.entries(all).filter(([, items]) => items !== 0))
  }
}

const merge = (...batches: Batch[]) => Batch.merge(batches, joinBlocks(batches.map(({ block }) => block)))
const split = (batch: Batch, at: number) => {
  const { block } = batch
  return batch.split([sliceBlock(block, 0, at), sliceBlock(block, at, block.length)])
}
const firstOf = (batch: Batch, items: number) => sliceBlock(batch.block, 0, items)
const collect = () => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

it('a batch of which a part was sent goes back whole, so that part is there twice', () => {
  const bench = new Bench()
  const [first, rest] = split(bench.take(3), 1).map(part => bench.emit(part))
  assert.deepEqual(bench.books, { received: 3, sent: 3 })
  rest.nack(FULL)
  assert.deepEqual(bench.books, { received: 3, sent: 1, inFlight: 2 }, 'it waits for the other part')
  first.ack()
  assert.deepEqual(bench.books, { received: 3, produced: 1, sent: 1, refused: 3 })
  bench.assertSettled()
})

it('regression: parts of joined batches that were sent were booked as refused, too', async () => {
  const bench = new Bench()
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
  const bench = new Bench()
  const [first, rest] = split(bench.take(3), 1)
  bench.emit(first).ack()
  assert.deepEqual(bench.books, { received: 3, sent: 1, inFlight: 2 })
  bench.emit(rest).ack()
  assert.deepEqual(bench.books, { received: 3, sent: 3 })
  bench.assertSettled()
})

it('batches joined of joined ones go back to their senders, each whole', () => {
  const bench = new Bench()
  const [first, rest] = split(merge(bench.take(1), bench.take(2)), 1)
  const joined = merge(rest, bench.take(3))
  assert.deepEqual(bench.books, { received: 6, inFlight: 6 })
  bench.emit(first).ack()
  bench.emit(joined).nack(FULL)
  assert.deepEqual(bench.books, { received: 6, produced: 1, sent: 1, refused: 6 })
  bench.assertSettled()
})

it('items left out of a joined batch stay dropped, though they go back to their senders', () => {
  const bench = new Bench()
  const joined = merge(bench.take(2), bench.take(2))
  bench.context.account.drop('left_out', 1)
  const rest = joined.replace(firstOf(joined, 3))
  assert.deepEqual(bench.books, { received: 4, dropped: 1, inFlight: 3 })
  bench.emit(rest).nack(FULL)
  assert.deepEqual(bench.books, { received: 4, produced: 1, dropped: 1, refused: 4 })
  bench.assertSettled()
})

it('parts that the operator keeps, and those that it nacks itself, are in the books once', () => {
  const bench = new Bench()
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
  const bench = new Bench()
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
    const bench = new Bench()
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
  const bench = new Bench()
  const batch = bench.take(2)
  const copies = [0, 1].map(() => Batch.derive([batch], batch.block, () => {}))
  bench.emit(copies[0]).ack()
  bench.emit(copies[1]).nack(FULL)
  batch.nack(FULL)
  assert.deepEqual(bench.books, { received: 2, produced: 2, sent: 2, refused: 2 })
  bench.assertSettled()
})

it('a batch that is emitted, and another one derived of it, are twice the items', () => {
  const bench = new Bench()
  const batch = bench.take(2)
  const copy = Batch.derive([batch], batch.block, () => {})
  bench.emit(batch).ack()
  assert.deepEqual(bench.books, { received: 2, produced: 2, sent: 2, inFlight: 2 })
  bench.emit(copy).nack(FULL)
  assert.deepEqual(bench.books, { received: 2, sent: 2 })
  bench.assertSettled()
})

it('copies that the operator has booked as produced are not refused', () => {
  for (const [end, books] of [
    ['ack', { received: 2, produced: 2, sent: 2, refused: 2 }],
    ['nack', { received: 2, refused: 2 }]
  ] as const) {
    const bench = new Bench()
    bench.context.account.produced += 2
    const [first, second] = bench.take(2).fork(2)
    bench.emit(first)[end](FULL)
    bench.emit(second).nack(FULL)
    assert.deepEqual(bench.books, books)
    bench.assertSettled()
  }
})

for (const [what, leave, books] of [
  ['abandoned', (bench: Bench) => bench.harness.abandon(FULL), { received: 6, produced: 1, sent: 1, refused: 6 }],
  ['handed over', (bench: Bench) => bench.harness.held!.release(), { received: 6, sent: 6 }]
] as const)
  it(`what is inside is ${what}, while a part is on its way`, () => {
    const bench = new Bench()
    const single = bench.take(1)
    const [first, rest] = split(bench.take(3), 1)
    const joined = merge(rest, bench.take(2))
    const behind = bench.emit(first)
    leave(bench)
    assert.equal(bench.books.imbalance, undefined)
    behind.ack()
    for (const batch of [single, joined]) batch.ack()
    assert.deepEqual(bench.books, books)
    bench.assertSettled()
  })

it('parts of a joined batch that the operator loses are refused', async () => {
  const bench = new Bench()
  const loses = () => void bench.emit(split(merge(bench.take(2), bench.take(2)), 1)[0]).ack()
  loses()
  assert.deepEqual(bench.books, { received: 4, sent: 1, inFlight: 3 })
  for (let i = 0; i < 50 && bench.outcomes.length === 0; i++) {
    collect()()
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  assert.deepEqual(bench.books, { received: 4, produced: 1, sent: 1, refused: 4 })
  bench.assertSettled()
})

it('regression: a batch made of one that was lost in a failure was sent, and not in the books', async () => {
  const bench = new Bench()
  const lost = [1, 2, 3, 4].map(items => bench.take(items))
  bench.fail()
  assert.deepEqual(bench.books, { received: 10, refused: 10 })
  for (const batch of [...lost[3].replace(firstOf(lost[3], 1)).fork(2), merge(lost[2])]) bench.emit(batch)
  assert.deepEqual([bench.behind, bench.books], [[], { received: 10, refused: 10 }])
  for (const joined of [merge(lost[0], bench.take(1)), merge(bench.take(1), lost[1])]) bench.emit(joined).ack()
  await bench.harness.advance(0)
  assert.deepEqual(bench.outcomes.slice(4), ['a acked', 'a acked'])
  assert.deepEqual(bench.books, { received: 12, produced: 3, sent: 5, refused: 10 })
  bench.assertSettled()
})

it('regression: credits were gone for parts that ended in the operator after their batch had settled', () => {
  const bench = new Bench()
  const batch = bench.take(2)
  const copies = [0, 1].map(() => Batch.derive([batch], batch.block, () => {}))
  batch.ack()
  bench.emit(copies[0]).ack()
  copies[1].drop('left_out')
  bench.context.account.drop('left_out', 2)
  bench.assertSettled()
})

it('regression: a restored batch that came again after it was nacked had not come in', async () => {
  const before = new Bench()
  before.take(2)
  const bench = new Bench(before.harness.held!.release())
  assert.deepEqual(bench.books, { produced: 2, inFlight: 2 })
  bench.emit(bench.inside.pop()!).nack(FULL)
  await bench.harness.advance(1000)
  assert.deepEqual(bench.books, { produced: 4, refused: 2, inFlight: 2 })
  bench.emit(bench.inside.pop()!).ack()
  assert.deepEqual(bench.books, { produced: 4, sent: 2, refused: 2 })
  bench.assertSettled()
})
