import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairQueue } from '../../../core/queries/fair-queue.ts'
import { FakeClock } from '../../../sdk/plugin/testing.ts'

const never = new AbortController().signal
const turn = () => new Promise(setImmediate)

function queueOf(maxConcurrent: number, maxQueued = 10) {
  const clock = new FakeClock()
  return { clock, queue: new FairQueue({ maxConcurrent, maxQueued, queueTimeoutMs: 1000 }, clock) }
}

test('tenants take turns, whatever the number of their queries', async () => {
  const { queue } = queueOf(1)
  const order: string[] = []
  const leave = await queue.enter('x', never)
  const run = async (tenant: string) => {
    const leave = await queue.enter(tenant, never)
    order.push(tenant)
    await turn()
    leave()
  }
  const all = ['a', 'a', 'a', 'b', 'c', 'c'].map(run)
  assert.equal(queue.waiting, 6)
  leave()
  await Promise.all(all)
  assert.deepEqual(order, ['a', 'b', 'c', 'a', 'c', 'a'])
  assert.deepEqual([queue.running, queue.waiting], [0, 0])
})

test('a full queue refuses its own tenant only', async () => {
  const { queue } = queueOf(1, 1)
  const leave = await queue.enter('a', never)
  const waiting = queue.enter('a', never)
  await assert.rejects(queue.enter('a', never), { kind: 'unavailable', message: /max_queued/ })
  const other = queue.enter('b', never)
  leave()
  ;(await waiting)()
  ;(await other)()
  assert.equal(queue.running, 0)
})

test('a query that waits too long is refused, and its place goes to no one', async () => {
  const { clock, queue } = queueOf(1)
  const leave = await queue.enter('a', never)
  const late = assert.rejects(queue.enter('a', never), { kind: 'unavailable', message: /for 1 s/ })
  clock.advance(1000)
  await late
  leave()
  assert.deepEqual([queue.running, queue.waiting], [0, 0])
})

test('a query whose client has gone gives up its place in the queue', async () => {
  const { queue } = queueOf(1)
  const leave = await queue.enter('a', never)
  const gone = new AbortController()
  const waiting = assert.rejects(queue.enter('a', gone.signal), /gone/)
  gone.abort(new Error('gone'))
  await waiting
  leave()
  assert.deepEqual([queue.running, queue.waiting], [0, 0])
})
