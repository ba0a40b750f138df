import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Attributes } from '../../../../core/model/attributes.ts'
import { type PointBlock, PointBlockBuilder } from '../../../../core/model/points.ts'
import { SeriesSlots } from '../../../../core/model/series-slots.ts'
import { KeyBatch } from '../../../../core/model/series-table/key-batch.ts'
import { UNKNOWN } from '../../../../core/model/series-table/key-table.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import { expireIdle } from './idle-series.ts'

const METRIC = { name: 'a', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const MANY = 60_000
const attributesOf = (host: number): Attributes => [['host', `${host}`]]

function blockOf(table: SeriesTable, from: number, to: number): PointBlock {
  const builder = new PointBlockBuilder()
  for (let host = from; host < to; host++) builder.addId(table, table.idOf(METRIC, attributesOf(host)), 0, host)
  return builder.build()
}

const receive = (table: SeriesTable, attributes: Attributes, metric = METRIC) =>
  table.receive(table.contextOf(metric, { attributes: [], schemaUrl: '' }, { ...NO_SCOPE }), attributes)
const NO_SCOPE = { name: '', version: '', attributes: [], schemaUrl: '' }

describe('series of a table', () => {
  it('are one object each, as long as anybody keeps it', () => {
    const table = new SeriesTable()
    const series = table.intern(METRIC, attributesOf(1))
    assert.equal(table.intern({ ...METRIC, description: 'said differently' }, [['host', '1']]), series)
    assert.equal(table.at(series.id), series)
    assert.notEqual(table.intern({ ...METRIC, temporality: 'cumulative' }, attributesOf(1)), series)
    assert.equal(table.size, 2)
  })

  it('have the key that they always had', () => {
    const { key } = new SeriesTable().intern(METRIC, [['host', 'x']], {
      attributes: [['service.name', 's']],
      schemaUrl: 'not part of it'
    })
    assert.equal(key, '["a","","counter","delta"]\n4:hosts1:x\n12:service.names1:s\n["","",""]')
  })

  it('stay while a block, an object or a state has them, and go then', async () => {
    const table = new SeriesTable()
    let block: PointBlock | undefined = blockOf(table, 0, 10)
    let object: object | undefined = table.intern(METRIC, attributesOf(10))
    const held = [table.idOf(METRIC, attributesOf(11))]
    const state = {
      holdIds: (hold: (id: number) => void) => {
        for (const id of held) hold(id)
      }
    }
    table.addHolder(state)
    blockOf(table, 12, 100)
    await expireIdle(table)
    assert.equal(table.size, 100, 'one block keeps all series of its time')
    assert.equal(block.series.at(3).attributes[0][1], '3')
    block = undefined
    await expireIdle(table)
    assert.equal(table.size, 2)
    assert.ok(object)
    object = undefined
    held.length = 0
    await expireIdle(table)
    assert.deepEqual([table.size, typeof state.holdIds], [0, 'function'])
  })

  it('regression: all states were asked for their ids in one step', () => {
    const table = new SeriesTable()
    const states = Array.from({ length: 3 }, () => new SeriesSlots(table))
    for (let i = 0; i < MANY; i++) states[i % 3].add(table.idOf(METRIC, attributesOf(i)))
    let held = 0
    table.addHolder({ holdIds: () => void held++ })
    const expiry = table.expireIdle(1)
    let steps = 0
    while (held === 0) {
      expiry.next()
      steps++
    }
    assert.ok(steps > 4, `${steps} steps`)
  })

  it('stay if one state hands them to another while states are asked', () => {
    const table = new SeriesTable()
    const asked: number[] = []
    const states = [new Set<number>(), new Set<number>([table.idOf(METRIC, attributesOf(1))])]
    const holders = states.map((ids, i) => ({
      holdIds: (hold: (id: number) => void) => {
        asked.push(i)
        for (const id of ids) hold(id)
      }
    }))
    for (const holder of holders) table.addHolder(holder)
    for (let epoch = 1; epoch <= 8; epoch++) {
      const expiry = table.expireIdle(1)
      asked.length = 0
      while (asked.length === 0) expiry.next()
      // In every other epoch, so that each state has it when it is asked the next time.
      if (epoch % 2 === 0) {
        const from = states[1].size > 0 ? 1 : 0
        for (const id of states[from]) states[1 - from].add(id)
        states[from].clear()
      }
      runThrough(expiry)
      assert.equal(table.size, 1, `epoch ${epoch}`)
    }
    assert.equal(holders.length, 2)
  })

  it('regression: a block had them of a state that gave them up before it was asked, and they went', async () => {
    const table = new SeriesTable()
    let steps = 0
    const asked = {
      *holdIds() {
        yield
        steps++
      }
    }
    table.addHolder(asked)
    const state = new SeriesSlots(table)
    const slot = state.add(table.idOf(METRIC, attributesOf(1)))
    await expireIdle(table)
    const asksInTurn = steps
    const expiry = table.expireIdle(1)
    expiry.next()
    assert.equal(steps, asksInTurn, 'the first state is being asked')
    const builder = new PointBlockBuilder()
    builder.addId(table, state.idOf(slot), 0, 1)
    const block = builder.build()
    state.remove([slot])
    runThrough(expiry)
    await expireIdle(table)
    assert.equal(table.size, 1)
    assert.deepEqual(block.series.at(0).attributes, attributesOf(1))
  })

  it('take with them all that columns know of them', async () => {
    const table = new SeriesTable()
    const column = table.idColumn(3)
    const id = table.idOf(METRIC, attributesOf(1))
    column.set(id, 7)
    await expireIdle(table)
    assert.equal(table.idOf(METRIC, attributesOf(2)), id)
    assert.equal(column.get(id), 3)
  })

  it('have no negative number in a column: it would be another one where there is a page', () => {
    assert.throws(() => new SeriesTable().idColumn(-1), RangeError)
  })

  it('that are derived for a block that was made before are in it, and stay', async () => {
    const table = new SeriesTable()
    const block = blockOf(table, 0, 2)
    await expireIdle(table)
    const ids = block.series.ids.map(id => table.idOf({ ...METRIC, name: 'b' }, table.read(id).attributes))
    const derived = { ...block, series: block.series.with(ids) }
    await expireIdle(table)
    assert.deepEqual(
      [...derived.series].map(({ metric, attributes }) => [metric.name, attributes[0][1]]),
      [
        ['b', '0'],
        ['b', '1']
      ]
    )
  })
})

describe('room for received series', () => {
  it('is for so many; those that are derived need none', () => {
    const table = new SeriesTable({ maxSeries: 2 })
    const known = receive(table, attributesOf(1))
    receive(table, attributesOf(2))
    assert.equal(receive(table, attributesOf(3)), UNKNOWN)
    assert.equal(receive(table, attributesOf(1)), known)
    assert.notEqual(table.idOf(METRIC, attributesOf(3)), UNKNOWN)
    assert.deepEqual([table.isFull, table.size], [true, 3])
  })

  it('is there again once series have gone', async () => {
    const table = new SeriesTable({ maxSeries: 2 })
    receive(table, attributesOf(1))
    receive(table, attributesOf(2))
    await expireIdle(table)
    assert.equal(table.isFull, false)
    assert.notEqual(receive(table, attributesOf(3)), UNKNOWN)
  })

  it('is less for large ones, be it their attributes or their resource', () => {
    for (const [length, resource] of [
      [5000, 1],
      [1, 5000]
    ]) {
      const table = new SeriesTable({ maxSeries: 10_000 })
      let received = 0
      for (let i = 0; i < 10_000; i++) {
        const shared = { attributes: [['r', `${i}${'x'.repeat(resource)}`] as const], schemaUrl: '' }
        const context = table.contextOf(METRIC, shared, NO_SCOPE)
        if (table.receive(context, [['host', `${i}${'x'.repeat(length)}`]]) !== UNKNOWN) received++
      }
      assert.ok(received > 500 && received < 5000, `${received}`)
    }
  })

  it('regression: one series written in ever new orders would fill memory', () => {
    const table = new SeriesTable({ maxSeries: 100 })
    const context = table.contextOf(METRIC, { attributes: [], schemaUrl: '' }, NO_SCOPE)
    const id = table.idIn(context, attributesOf(1))
    let before = 0
    for (let i = 0; i < 10_000; i++) {
      // A first one makes a page of a column.
      if (i === 1) before = table.bytes
      const bytes = Buffer.from(`spelling ${i}`)
      table.addSpelling(id, context, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length)
    }
    // Each of the few that are kept may be the first in a table of hashes.
    assert.ok(table.bytes - before < 2000, `${table.bytes - before} bytes`)
  })
})

describe('a derived series', () => {
  const HOSTS = 2000
  const attributes = (host: number): Attributes => [
    ['host', `host-${host % 50}`],
    ['path', `/a/rather/long/path/of/some/service/${host % 40}`],
    ['region', 'a-region-that-all-of-them-share'],
    ['window', `window-${host % 3}`],
    ['zone', `zone-${Math.floor(host / 200)}`]
  ]

  it('takes less memory than a received one', () => {
    const [derived, received] = [new SeriesTable(), new SeriesTable()]
    const growth = (table: SeriesTable, add: (host: number) => void) => {
      for (let host = 0; host < HOSTS; host++) add(host)
      const { bytes } = table
      for (let host = HOSTS; host < 10 * HOSTS; host++) add(host)
      return table.bytes - bytes
    }
    const ofDerived = growth(derived, host => derived.idOf(METRIC, attributes(host)))
    const ofReceived = growth(received, host => receive(received, attributes(host)))
    assert.equal(derived.size, received.size)
    assert.ok(ofDerived < ofReceived * 0.5, `${ofDerived} and ${ofReceived} bytes`)
  })

  it('is the one that a receiver gets, and that a state on disk has', () => {
    const table = new SeriesTable()
    const id = table.idOf(METRIC, attributes(1))
    const context = table.contextIdOf(id)
    const { view, start, end } = table.keyOf(id)
    const key = new DataView(view.buffer.slice(start, end))
    const batch = new KeyBatch()
    batch.begin(key)
    batch.add(context, 0, key.byteLength)
    table.addAll(batch)
    assert.deepEqual([...batch.ids.subarray(0, 1)], [id])
    assert.equal(receive(table, attributes(1)), id)
    assert.equal(table.find(context, key, 0, key.byteLength), UNKNOWN)
    assert.equal(table.receiveKey(context, key, 0, key.byteLength), id)
    assert.equal(table.find(context, key, 0, key.byteLength), id, 'from then on by its bytes')
    assert.equal(table.made, 1)
    assert.deepEqual(table.at(id).attributes, attributes(1))
  })

  it('goes with all its parts', async () => {
    const table = new SeriesTable()
    const kept = table.intern(METRIC, attributes(0))
    await expireIdle(table)
    const { bytes } = table
    for (let host = 1; host < HOSTS; host++) table.idOf(METRIC, attributes(host))
    await expireIdle(table)
    assert.equal(table.size, 1)
    for (let host = 1; host < HOSTS; host++) table.idOf(METRIC, [['other', `${host}`]])
    await expireIdle(table)
    assert.deepEqual(kept.attributes, attributes(0))
    // Slots and columns of ids stay as large as they were.
    assert.ok(table.bytes - bytes < 150_000, `${table.bytes - bytes} bytes`)
  })
})

describe('contexts', () => {
  it('go when they have no series and nobody asks for them, and say so', async () => {
    const table = new SeriesTable()
    const context = table.contextOf(METRIC, { attributes: [], schemaUrl: '' }, NO_SCOPE)
    const { removedContexts } = table
    await expireIdle(table)
    assert.equal(table.removedContexts, removedContexts + 1)
    assert.equal(table.contextOf({ ...METRIC, name: 'other' }, { attributes: [], schemaUrl: '' }, NO_SCOPE), context)
  })

  it('regression: a context that was asked for, and never used, kept its metric for good', async () => {
    const table = new SeriesTable()
    const before = table.bytes
    for (let i = 0; i < 1000; i++)
      table.contextOf({ ...METRIC, name: `m${i}` }, { attributes: [], schemaUrl: '' }, NO_SCOPE)
    await expireIdle(table)
    assert.equal(table.bytes, before)
  })
})
