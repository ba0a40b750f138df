import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QueryLimit, TooManyQueries } from '../../../exporters/clickhouse/query-limit.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'

const NEVER = new AbortController().signal

function limitOf(max_concurrent: number, max_queued: number) {
  const { clock, instruments, counters } = testContext()
  const gauges = new Map<string, () => number>()
  const gauge = (name: string, _help: string, read: () => number) => void gauges.set(name, read)
  const options = { max_concurrent, max_queued, queue_timeout: 5000 }
  const limit = new QueryLimit(options, clock, { ...instruments, gauge })
  const read = () => ['queries_running', 'queries_waiting'].map(name => gauges.get(name)!())
  return { limit, clock, counters, read }
}

test('queries wait for their turn, in order', async () => {
  const { limit, counters, read } = limitOf(2, 2)
  const order: string[] = []
  const [first, second] = [await limit.enter(NEVER), await limit.enter(NEVER)]
  const enter = async (name: string) => {
    const leave = await limit.enter(NEVER)
    order.push(name)
    return leave
  }
  const [third, fourth] = [enter('third'), enter('fourth')]
  assert.deepEqual(read(), [2, 2])
  await assert.rejects(limit.enter(NEVER), TooManyQueries)
  first()
  ;(await third)()
  ;(await fourth)()
  assert.deepEqual(order, ['third', 'fourth'])
  assert.deepEqual(read(), [1, 0])
  second()
  assert.deepEqual(read(), [0, 0])
  assert.deepEqual(Object.fromEntries(counters), { queries_total: 4, queries_rejected_total: 1 })
})

test('a query that waited too long or was aborted loses its turn, and takes no place', async () => {
  const { limit, clock, counters, read } = limitOf(1, 3)
  const leave = await limit.enter(NEVER)
  const client = new AbortController()
  const gone = limit.enter(client.signal)
  const late = limit.enter(NEVER)
  client.abort(new Error('went away'))
  await assert.rejects(gone, /went away/)
  clock.advance(5000)
  // In the same turn of the event loop: the place is nobody's, and not that of one who gave up.
  leave()
  await assert.rejects(late, /1 queries \(max_concurrent\) have been running for 5 s/)
  assert.deepEqual(read(), [0, 0])
  ;(await limit.enter(NEVER))()
  await assert.rejects(limit.enter(client.signal), /went away/)
  assert.equal(counters.get('queries_rejected_total'), 1)
})
