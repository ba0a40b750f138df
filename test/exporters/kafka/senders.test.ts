import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { PointBlockBuilder } from '../../../core/model/points.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { Partitioner } from '../../../exporters/kafka/partitioner.ts'
import { NOBODY, Senders } from '../../../exporters/kafka/senders.ts'
import type { Attributes } from '../../../sdk/plugin/index.ts'

const METRIC = { name: 'taps', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const number = (seq: number): Attributes => [
  ['weir.client.epoch', 3],
  ['weir.client.id', 'phone'],
  ['weir.client.seq', seq]
]

/** A point of each of these resources, with the same attributes. */
function pointsOf(table: SeriesTable, resources: readonly Attributes[]) {
  const builder = new PointBlockBuilder()
  for (const [i, attributes] of resources.entries())
    builder.add(table.intern(METRIC, [['button', 'buy']], { attributes, schemaUrl: '' }), 1000 + i, 1)
  return builder.build()
}

test('numbers of requests are no part of series, and rows are kept apart by them', () => {
  const table = new SeriesTable()
  const senders = new Senders(table)
  const app: Attributes = [['app', 'shop']]
  const block = pointsOf(table, [[...app, ...number(1)], [...app, ...number(2)], [...app, ...number(1)], app])
  const sent = senders.withoutNumbers(block)
  assert.ok(sent.type === 'points')
  assert.deepEqual(new Set(sent.series.ids).size, 1)
  assert.deepEqual(sent.series.at(0).resource.attributes, app)
  assert.deepEqual([...senders.requestsIn(block)], ['client 3 1 phone', 'client 3 2 phone'])
  assert.deepEqual([...senders.requestsIn(sent)], [])
  const groups = new Partitioner([]).rowsOf(sent, 12, row => senders.of(block, row))
  assert.deepEqual(
    groups.map(({ rows, sender }) => [rows, sender.number?.seq]),
    [
      [[0, 2], 1],
      [[1], 2],
      [[3], undefined]
    ]
  )
  assert.equal(new Set(groups.map(({ partition }) => partition)).size, 1, 'a series is in one partition')
})

test('a number that is not whole stays where it is', () => {
  const table = new SeriesTable()
  const senders = new Senders(table)
  const block = pointsOf(table, [[['weir.client.id', 'phone']]])
  assert.equal(senders.withoutNumbers(block), block)
  assert.equal(senders.of(block, 0), NOBODY)
})

test('items of tenants, and events, are kept apart too', () => {
  const table = new SeriesTable()
  const senders = new Senders(table)
  const points = pointsOf(table, [[['weir.tenant', 'acme']], [['weir.tenant', 'wile']], []])
  const tenants = [0, 1, 2].map(row => senders.of(points, row).tenant)
  assert.deepEqual(tenants, ['acme', 'wile', ''])
  const builder = new EventBlockBuilder()
  builder.add(1000, 'login', [...number(9), ['weir.tenant', 'acme']], 'e1', 1)
  const events = builder.build()
  assert.deepEqual(senders.of(events, 0), { tenant: 'acme', number: { client: 'phone', epoch: 3, seq: 9 } })
  const sent = senders.withoutNumbers(events)
  assert.ok(sent.type === 'events')
  assert.deepEqual(sent.attributes, [[['weir.tenant', 'acme']]])
})
