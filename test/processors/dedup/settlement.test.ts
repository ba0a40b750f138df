import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Origin } from '../../../sdk/plugin/index.ts'
import { eventsOf, Harness } from './harness.ts'

const down = new Error('down')
const MODES: [string, Record<string, unknown>, (weir: Harness, key: string) => Promise<string>][] = [
  ['event_id', {}, (weir, key) => weir.sendIds(key)],
  ['event_id, probabilistic', { memory: 'probabilistic' }, (weir, key) => weir.sendIds(key)],
  ['sample', { mode: 'sample' }, (weir, key) => weir.send(weir.points({ at: 0, name: key }))],
  [
    'request',
    { mode: 'request' },
    (weir, key) => weir.send(eventsOf([undefined]), { source: 'http', request: () => key })
  ],
  [
    'client_seq',
    { mode: 'client_seq' },
    (weir, key) =>
      weir.send(eventsOf([undefined], [{ 'weir.client.id': key, 'weir.client.epoch': 1, 'weir.client.seq': 7 }]))
  ]
]

for (const [name, config, send] of MODES) {
  const reason = config.mode === 'request' ? 'duplicate_request' : 'duplicate'

  it(`${name}: items that were not stored are evicted, so that they pass when they are sent again`, async () => {
    const weir = new Harness(config)
    weir.onBatch = batch => batch.nack(down)
    assert.equal(await send(weir, 'a'), 'nacked')
    weir.onBatch = batch => batch.ack()
    assert.equal(await send(weir, 'a'), 'acked')
    assert.equal(weir.out.length, 2)
    assert.equal(await send(weir, 'a'), 'acked')
    assert.equal(weir.out.length, 2)
    assert.deepEqual(weir.dropped, { [reason]: 1 })
    assert.equal(weir.context.account.imbalance, 0)
  })

  it(`${name}: a duplicate of something in flight waits, and is acknowledged with it`, async () => {
    const weir = new Harness(config).hold()
    const first = send(weir, 'a')
    const second = send(weir, 'a')
    assert.equal(weir.out.length, 1)
    assert.equal(weir.context.account.inFlight, 1)
    assert.equal(weir.context.account.imbalance, 0)
    weir.out[0].ack()
    assert.deepEqual(await Promise.all([first, second]), ['acked', 'acked'])
    assert.deepEqual(weir.dropped, { [reason]: 1 })
    assert.equal(weir.context.account.imbalance, 0)
  })

  it(`${name}: a duplicate of an item in flight is nacked with it`, async () => {
    const weir = new Harness(config).hold()
    const both = [send(weir, 'a'), send(weir, 'a')]
    weir.out[0].nack(down)
    assert.deepEqual(await Promise.all(both), ['nacked', 'nacked'])
    assert.deepEqual(weir.dropped, {})
    assert.equal(weir.context.account.refused, 1)
    assert.equal(weir.context.account.imbalance, 0)
    send(weir, 'a')
    assert.equal(weir.out.length, 2)
  })

  it(`${name}: an item given up for good is remembered: sending it again would not help`, async () => {
    const weir = new Harness(config)
    weir.onBatch = batch => batch.drop('rejected')
    assert.equal(await send(weir, 'a'), 'dropped 1')
    assert.equal(await send(weir, 'a'), 'acked')
    assert.equal(weir.out.length, 1)
  })

  it(`${name}: a snapshot holds items in flight, for a checkpoint waits until they have settled`, () => {
    const weir = new Harness(config).hold()
    send(weir, 'a')
    const next = weir.restarted(config)
    send(next, 'a')
    assert.equal(next.out.length, 0)
  })
}

it('new items in a batch stay remembered though the batch is nacked for a duplicate in it', async () => {
  const weir = new Harness({}).hold()
  const first = weir.sendIds('a')
  const second = weir.sendIds('a', 'b')
  weir.out[1].ack()
  weir.out[0].nack(down)
  assert.deepEqual(await Promise.all([first, second]), ['nacked', 'nacked'])
  const again = weir.sendIds('a', 'b')
  assert.deepEqual(weir.lastIds, ['a'])
  weir.out[2].ack()
  assert.equal(await again, 'acked')
  assert.equal(weir.context.account.imbalance, 0)
})

for (const [name, config, send] of MODES.filter(([name]) => name === 'request' || name === 'client_seq')) {
  it(`${name}: parts of one request are no duplicates; if one is nacked, all of it may come again`, async () => {
    const attributes = [{ 'weir.client.id': 'c', 'weir.client.epoch': 1, 'weir.client.seq': 7 }]
    const origin: Origin = { source: 'http', request: () => 'c' }
    for (const nacked of [-1, 0, 1]) {
      const weir = new Harness(config)
      weir.onBatch = batch => (nacked === weir.out.length - 1 ? batch.nack(down) : batch.ack())
      weir.send(eventsOf([undefined], attributes), origin)
      weir.send(eventsOf([undefined], attributes), origin)
      assert.equal(weir.out.length, 2, 'both parts pass')
      if (name === 'request') await send(weir, 'c')
      else await weir.send(eventsOf([undefined], attributes), { source: 'http', request: () => 'c' })
      assert.equal(weir.out.length, nacked < 0 ? 2 : 3, `part ${nacked} was nacked`)
    }
  })
}
