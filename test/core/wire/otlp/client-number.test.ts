import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { clientNumberIn, clientNumberOf, requestName } from '../../../../core/wire/otlp/client-number.ts'
import { decodeMetricsJson } from '../../../../core/wire/otlp/json-decoder.ts'

type Attribute = { readonly key: string; readonly value: object }

const numbered = (seq: unknown, client: string, epoch: unknown = 1): Attribute[] => [
  { key: 'weir.client.id', value: { stringValue: client } },
  { key: 'weir.client.epoch', value: { intValue: epoch } },
  { key: 'weir.client.seq', value: { intValue: seq } }
]
const SHOP: Attribute = { key: 'service.name', value: { stringValue: 'shop' } }

function requestOf(...resources: readonly Attribute[][]) {
  const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ asInt: '1', timeUnixNano: '1000000' }] }
  const metrics = [{ name: 'a', sum }]
  return { resourceMetrics: resources.map(attributes => ({ resource: { attributes }, scopeMetrics: [{ metrics }] })) }
}

const decode = (table: SeriesTable, takesClientNumber: boolean, ...resources: readonly Attribute[][]) =>
  decodeMetricsJson(Buffer.from(JSON.stringify(requestOf(...resources))), table, 0, { takesClientNumber })

test('the number of a request is taken off its resources, which are the same series as those of the next', () => {
  const table = new SeriesTable()
  for (const seq of ['1', '2', '3']) {
    const { block, clientNumber } = decode(table, true, [SHOP, ...numbered(seq, 'c d\ne')])
    assert.deepEqual(clientNumber, { client: 'c d\ne', epoch: 1, seq: Number(seq) })
    assert.deepEqual(block.series.at(0).resource.attributes, [['service.name', 'shop']])
  }
  assert.equal(table.size, 1)
})

test('it stays if nobody asked for it, and if there are other numbers in the request, or a resource without any', () => {
  for (const [takes, ...resources] of [
    [false, numbered(1, 'c')],
    [true, numbered(1, 'c'), numbered(2, 'c')],
    [true, numbered(1, 'c'), numbered(1, 'd')],
    [true, numbered(1, 'c'), [SHOP]]
  ] as const) {
    const { block, clientNumber } = decode(new SeriesTable(), takes, ...resources.map(one => [...one]))
    assert.equal(clientNumber, undefined)
    assert.ok(block.series.at(0).resource.attributes.some(([key]) => key === 'weir.client.seq'))
  }
})

test('what is no number is none', () => {
  for (const wrong of [-1, 1.5, 'x', '', null, {}, 2 ** 53])
    assert.equal(clientNumberOf(requestOf(numbered(wrong, 'c'))), undefined, `${JSON.stringify(wrong)}`)
  for (const request of [null, 1, [], { resourceMetrics: {} }, { resourceMetrics: [null] }, { resourceMetrics: [] }])
    assert.equal(clientNumberOf(request), undefined)
})

test('the name of a request leads back to its number; a hash is none', () => {
  for (const client of ['', 'c', 'with spaces 1 2', 'line\nbreak'])
    assert.deepEqual(clientNumberIn(requestName({ client, epoch: 5, seq: 7 })), { client, epoch: 5, seq: 7 })
  for (const other of [undefined, '', 'client', 'o6Vx9Kq0'.repeat(5)]) assert.equal(clientNumberIn(other), undefined)
})
