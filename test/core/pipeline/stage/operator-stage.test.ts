import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  bufferCount,
  concatMap,
  delay,
  filter,
  mergeMap,
  Observable,
  type OperatorFunction,
  of,
  tap,
  toArray
} from 'rxjs'
import { joinBlocks } from '../../../../core/model/join.ts'
import { Batch, type Context } from '../../../../sdk/plugin/index.ts'
import { testContext } from '../../../../sdk/plugin/testing.ts'
import { type MakeOperator, namesOf, OperatorRun } from '../../../sdk/plugin/operator-run.ts'

const nameOf = ({ block }: Batch) => namesOf(block).split(',')[0]
const turn = () => new Promise(setImmediate)
const failsAt = (name: string) =>
  tap<Batch>(batch => {
    if (nameOf(batch) === name) throw new Error('oops')
  })

it('regression: an asynchronous operator that failed stranded every batch it held', async () => {
  const line = new OperatorRun(
    ({ scheduler }) =>
      source =>
        source.pipe(delay(100, scheduler), failsAt('b'))
  )
  line.harness.open()
  line.send('a')
  await line.harness.advance(50)
  line.send('b')
  line.send('c')
  assert.equal(line.context.account.inFlight, 3)
  await line.harness.advance(100)
  assert.deepEqual([line.out, line.outcomes], [['a'], ['a acked', 'b nacked', 'c nacked']])
  line.send('d')
  await line.harness.advance(100)
  assert.deepEqual(line.out, ['a', 'd'])
  line.assertSettled()
})

it('a throw in a timer is a failure of the operator', async () => {
  const line = new OperatorRun(({ clock }) =>
    mergeMap(
      batch =>
        new Observable<Batch>(() => {
          clock.setTimer(10, () => assert.fail(nameOf(batch)))
        })
    )
  )
  line.harness.open()
  line.send('a')
  await line.harness.advance(10)
  assert.deepEqual(line.outcomes, ['a nacked'])
  assert.equal(line.context.state.reason, 'a')
  line.assertSettled()
})

it('an operator that ends with batches left hands them back', async () => {
  const line = new OperatorRun(
    () => source =>
      source.pipe(
        filter(batch => nameOf(batch) !== 'x'),
        bufferCount(2),
        mergeMap(() => of()),
        toArray(),
        mergeMap(() => [])
      )
  )
  line.harness.open()
  line.send('a')
  void line.harness.finish()
  await turn()
  assert.deepEqual([line.outcomes, line.harness.isFinished], [['a nacked'], true])
  line.assertSettled()
})

it('a failed operator’s later use of a batch has no effect', async () => {
  const kept: Batch[] = []
  const line = new OperatorRun(
    () => source =>
      source.pipe(
        filter(batch => nameOf(batch) !== 'a' || kept.push(batch) === 0),
        failsAt('b')
      )
  )
  line.harness.open()
  line.send('a')
  line.send('b')
  await turn()
  assert.deepEqual(line.outcomes, ['a nacked', 'b nacked'])
  kept[0].ack()
  const [part] = kept[0].split([kept[0].block])
  part.drop('late')
  await turn()
  assert.deepEqual(line.outcomes, ['a nacked', 'b nacked'])
  line.assertSettled()
})

it('backs off 100 ms, 200 ms, … after the second failure in a row', async () => {
  const line = new OperatorRun(() => failsAt('bad'))
  line.harness.open()
  line.send('bad')
  assert.equal(line.harness.isReady, true, 'the first time it starts anew at once')
  for (const pause of [100, 200, 400]) {
    line.send('bad')
    assert.equal(line.harness.isReady, false)
    line.send('refused')
    await line.harness.advance(pause - 1)
    assert.equal(line.harness.isReady, false)
    await line.harness.advance(1)
    assert.equal(line.harness.isReady, true)
  }
  line.send('good')
  await turn()
  assert.equal(line.context.state.state, 'ok')
  line.send('bad')
  assert.equal(line.harness.isReady, true)
  assert.equal(line.context.counters.get('operator_failures_total'), 5)
  assert.ok(line.outcomes.includes('refused nacked'))
  line.assertSettled()
})

it('a batch that the operator loses is nacked once its handle is collected', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const line = new OperatorRun(() => filter(batch => nameOf(batch) !== 'a'))
  line.harness.open()
  line.send('a')
  for (let i = 0; i < 50 && line.outcomes.length === 0; i++) {
    collect()
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  assert.deepEqual(line.outcomes, ['a nacked'])
  assert.match(line.context.state.reason!, /the operator lost a batch: an operator that leaves out a batch must end it/)
  line.assertSettled()
})

it('an operator of another RxJS, known by its methods alone, keeps its subscription', async () => {
  const seen: string[] = []
  const line = new OperatorRun(() => source => {
    const other = {
      closed: false,
      add() {},
      remove() {},
      unsubscribe() {},
      next: (batch: Batch) => {
        seen.push(nameOf(batch))
        batch.ack()
      },
      error() {},
      complete() {}
    }
    source.subscribe(other as never)
    return new Observable<Batch>()
  })
  line.harness.open()
  line.send('a')
  await turn()
  assert.deepEqual([seen, line.outcomes], [['a'], ['a acked']])
})

it('held batches are restored with the times they came, and are emitted as without a restart', async () => {
  const slow: MakeOperator = ({ scheduler }) => concatMap(batch => of(batch).pipe(delay(100, scheduler)))
  const context = () => Object.assign(testContext(), { replayed: true })
  const line = new OperatorRun(slow, { context: context() })
  line.harness.open()
  line.send('a')
  line.send('b')
  await line.harness.advance(60)
  line.send('c')
  await line.harness.advance(50)
  assert.deepEqual(line.out, ['a'])
  const state = line.harness.held!.snapshot!()

  const next = new OperatorRun(slow, { context: context() })
  next.context.clock.advanceTo(line.context.clock.now())
  next.harness.held!.restore!(state)
  next.harness.open()
  assert.deepEqual([next.context.account.produced, next.context.account.inFlight], [2, 1])
  await next.harness.advance(200)
  assert.deepEqual(next.out, ['b', 'c'])
  next.assertSettled()
})

it('a repeating timer goes on in its phase after a restart', async () => {
  const emittedAt = async (make: MakeOperator, restartAt: number) => {
    const context = Object.assign(testContext(), { replayed: true })
    const start = context.clock.now()
    let line = new OperatorRun(make, { context })
    line.harness.open()
    await line.harness.advance(restartAt)
    if (restartAt > 0) {
      const state = line.harness.held!.snapshot!()
      const again = Object.assign(testContext(), { replayed: true })
      again.clock.advanceTo(context.clock.now())
      line = new OperatorRun(make, { context: again })
      line.harness.held!.restore!(state)
      line.harness.open()
    }
    await line.harness.advance(77_777 - restartAt)
    line.send('a')
    while (line.out.length === 0) await line.harness.advance(1)
    return line.context.clock.now() - start
  }
  const gathers: MakeOperator =
    ({ scheduler }) =>
    source =>
      source.pipe(
        mergeMap(batch => [batch]),
        bufferEvery(500, scheduler)
      )
  assert.equal(await emittedAt(gathers, 77_123), await emittedAt(gathers, 0))
})

function bufferEvery(ms: number, scheduler: Context['scheduler']): OperatorFunction<Batch, Batch> {
  return source =>
    new Observable(output => {
      let held: Batch[] = []
      const tick = () => {
        for (const batch of held) output.next(batch)
        held = []
        output.add(scheduler.schedule(tick, ms))
      }
      output.add(scheduler.schedule(tick, ms))
      return source.subscribe({ next: batch => void held.push(batch), complete: () => output.complete() })
    })
}

it('while it is frozen nothing comes out, and then all that did', async () => {
  const line = new OperatorRun(() =>
    mergeMap(async batch => {
      await turn()
      return batch
    })
  )
  line.harness.open()
  line.send('a')
  line.harness.held!.freeze()
  await line.harness.advance(0)
  await line.harness.advance(0)
  assert.deepEqual([line.out, line.harness.held!.areWhole], [[], true])
  line.harness.held!.thaw()
  assert.deepEqual(line.out, ['a'])
})

it('a batch of which some was emitted is not whole, until all is', async () => {
  const line = new OperatorRun(({ scheduler }) =>
    mergeMap(batch => {
      const [first, second] = batch.fork(2)
      return new Observable<Batch>(output => {
        output.next(first)
        output.add(
          scheduler.schedule(() => {
            output.next(second)
            output.complete()
          }, 10)
        )
      })
    })
  )
  line.harness.open()
  line.send('a')
  assert.equal(line.harness.held!.areWhole, false)
  await line.harness.advance(10)
  assert.equal(line.harness.held!.areWhole, true)
})

it('merged batches are inside until the one made of them is emitted, and are answered by it', async () => {
  const line = new OperatorRun(
    () => source =>
      source.pipe(
        bufferCount(2),
        mergeMap(batches => [Batch.merge(batches, joinBlocks(batches.map(({ block }) => block)))])
      )
  )
  line.harness.open()
  line.send('a')
  assert.equal(line.context.account.inFlight, 1)
  line.send('b')
  await turn()
  assert.deepEqual([line.out, line.outcomes], [['a,b'], ['a acked', 'b acked']])
  line.assertSettled()
})
