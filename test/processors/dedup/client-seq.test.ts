import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { ClientNumbers } from '../../../processors/dedup/client-numbers.ts'
import type { EventBlock, PointBlock } from '../../../sdk/plugin/index.ts'
import { eventsOf, Harness } from './harness.ts'

const CONFIG = { mode: 'client_seq', max_reorder: 32, window: '1m' }
const numbered = (seq: number, epoch = 1, client = 'c') => ({
  'weir.client.id': client,
  'weir.client.epoch': epoch,
  'weir.client.seq': seq
})
const send = (weir: Harness, seq: number, epoch?: number, client?: string) =>
  weir.send(eventsOf([undefined, undefined], [numbered(seq, epoch, client), numbered(seq, epoch, client)]))

it('a number passes once for each client and epoch, with all items that share it', async () => {
  const weir = new Harness(CONFIG)
  for (const [seq, epoch, client] of [[1], [2], [1, 1, 'd'], [1, 2]] as const) await send(weir, seq, epoch, client)
  assert.equal(weir.out.length, 4)
  assert.equal(weir.last.length, 2)
  assert.equal(await send(weir, 1, 2), 'acked')
  assert.equal(weir.out.length, 4)
  assert.deepEqual(weir.dropped, { duplicate: 2 })
})

it('out of order within max_reorder is no duplicate; from further behind nobody can tell, so it is dropped', async () => {
  const weir = new Harness(CONFIG)
  for (const seq of [40, 9, 41, 10]) await send(weir, seq)
  assert.equal(weir.out.length, 4)
  assert.equal(await send(weir, 9), 'dropped 2')
  assert.deepEqual(weir.dropped, { sequence_too_old: 2 })
})

it('a number that the receiver took off is that of all items of the request, through a restart', async () => {
  const request = (seq: number) => ({ source: 'otlp', request: () => `client 1 ${seq} c` })
  const weir = new Harness(CONFIG)
  const two = () => eventsOf([undefined, undefined])
  assert.equal(await weir.send(two(), request(1)), 'acked')
  assert.equal(weir.last.length, 2)
  assert.equal(await weir.send(two(), { source: 'otlp', request: () => 'a hash' }), 'acked')
  const next = weir.restarted(CONFIG)
  await next.send(two(), request(1))
  assert.deepEqual(next.dropped, { duplicate: 2 })
  // The same client, whose other requests have the number in their attributes.
  await send(next, 1)
  assert.deepEqual(next.dropped, { duplicate: 4 })
})

it('an older epoch is dropped', async () => {
  const weir = new Harness(CONFIG)
  await send(weir, 1, 2)
  assert.equal(await send(weir, 5, 1), 'dropped 2')
  assert.deepEqual(weir.dropped, { old_epoch: 2 })
})

it('the numbers are taken off; in points they may be of the point or its resource, as text too', () => {
  const weir = new Harness(CONFIG)
  weir.send(eventsOf([undefined], [{ ...numbered(1), route: '/' }]))
  assert.deepEqual((weir.last as EventBlock).attributes, [[['route', '/']]])
  const resource = { 'weir.client.id': 'p', 'weir.client.epoch': '1', 'weir.client.seq': '1', host: 'h' }
  const block = () => weir.points({ at: 0, attributes: { a: 'b' }, resource }, { at: 0, name: 'n', resource })
  weir.send(block())
  const [{ attributes, resource: dropped }] = (weir.last as PointBlock).series
  assert.deepEqual([attributes, dropped.attributes], [[['a', 'b']], [['host', 'h']]])
  assert.equal(weir.last.length, 2)
  weir.send(block())
  assert.equal(weir.out.length, 2)
})

it('items without a number, or with an invalid one, pass', () => {
  const weir = new Harness(CONFIG)
  const bad: Record<string, string | number>[] = [
    {},
    { 'weir.client.id': 'c' },
    { ...numbered(1.5) },
    { ...numbered(-1) },
    numbered(1)
  ]
  weir.send(eventsOf([undefined, undefined, undefined, undefined, undefined], bad))
  assert.equal(weir.last.length, 5)
  assert.equal(weir.context.counters.get('unidentified_total'), 4)
})

it('clients silent for the window are forgotten; beyond max_sources the longest silent is', async () => {
  const weir = new Harness({ ...CONFIG, max_sources: 2 })
  for (const client of ['a', 'b', 'a', 'c']) await send(weir, client === 'c' ? 1 : weir.out.length, 1, client)
  assert.equal(weir.readings.get('entries')!(), 2)
  assert.equal(weir.readings.get('evicted_entries_total')!(), 1)
  weir.context.clock.advance(61_000)
  await send(weir, 1, 1, 'd')
  assert.equal(weir.readings.get('entries')!(), 1)
})

it('numbers in any order, taken back or not, with restarts: agrees with a plain set', () => {
  const REACH = 64
  const step = fc.record({
    kind: fc.constantFrom('mark', 'mark', 'mark', 'mark then unmark', 'restart'),
    seq: fc.integer({ min: 0, max: 300 }),
    epoch: fc.integer({ min: 1, max: 2 })
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      let numbers = new ClientNumbers(REACH, 10)
      let seen = new Set<number>()
      let newest = { epoch: 0, highest: 0 }
      for (const { kind, seq, epoch } of steps) {
        if (kind === 'restart') {
          const saved = structuredClone(numbers.save())
          numbers = new ClientNumbers(REACH, 10)
          numbers.restore(saved)
          continue
        }
        if (epoch > newest.epoch) {
          seen = new Set()
          newest = { epoch, highest: seq }
        }
        let want = seen.has(seq) ? 'seen' : 'new'
        if (epoch < newest.epoch) want = 'old_epoch'
        else if (seq <= newest.highest - REACH) want = 'too_old'
        else newest.highest = Math.max(newest.highest, seq)
        assert.equal(numbers.mark('c', epoch, seq, 0), want)
        if (want === 'new') seen.add(seq)
        if (kind === 'mark then unmark' && want === 'new') {
          numbers.unmark('c', epoch, seq)
          seen.delete(seq)
        }
      }
    })
  )
})
