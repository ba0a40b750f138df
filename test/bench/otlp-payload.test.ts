import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type OtlpBody, otlpBodies, seriesValue } from '../../bench/otlp-payload.ts'
import type { Series } from '../../core/model/series-table/series-table.ts'
import { SeriesTable } from '../../core/model/series-table/series-table.ts'
import { OtlpMetricsDecoder } from '../../core/wire/otlp/metrics-decoder.ts'

const SERIES = 2000
const TIME = 1_760_000_000_000
const TOTAL = Array.from({ length: SERIES }, (_, id) => seriesValue(id)).reduce((sum, value) => sum + value, 0)

const decoder = new OtlpMetricsDecoder(new SeriesTable())

for (const orderSeed of [0, 7]) {
  test(`bodies hold each series once, order ${orderSeed}`, () => {
    const { series, sum } = decodeAll(otlpBodies({ series: SERIES, timeMs: TIME, orderSeed }))
    assert.equal(new Set(series).size, SERIES)
    assert.equal(sum, TOTAL)
  })
}

test('two random orders of the same series differ', () => {
  const orders = [0, 100, 200].map(
    orderSeed => decodeAll(otlpBodies({ series: SERIES, timeMs: TIME, orderSeed })).series
  )
  assert.equal(new Set(orders.flat()).size, SERIES)
  for (const [one, other] of [
    [0, 1],
    [0, 2],
    [1, 2]
  ])
    assert.ok(orders[one].filter((series, i) => series === orders[other][i]).length < SERIES / 10)
})

test('a stamp gives delta points new intervals and the same values', () => {
  const [body] = otlpBodies({ series: 1000, timeMs: TIME })
  const sum = body.stamp(TIME + 500)
  const { block, rejections } = decoder.decode(body.bytes, 0)
  assert.equal(rejections.total, 0)
  assert.deepEqual([block.time[999], block.start?.[999]], [TIME + 500, TIME])
  assert.equal(sumOf(block.value), sum)
  body.stamp(TIME + 500)
  const again = decoder.decode(body.bytes, 0).block
  assert.deepEqual([again.time[0], again.start?.[0]], [TIME + 501, TIME + 500])
})

test('a stamp lets cumulative points grow from a start that stays', () => {
  const [body] = otlpBodies({ series: 1000, timeMs: TIME, temporality: 'cumulative' })
  body.stamp(TIME + 1)
  const first = decoder.decode(body.bytes, 0).block
  const sum = body.stamp(TIME + 2)
  const second = decoder.decode(body.bytes, 0).block
  assert.equal(sumOf(second.value), sum)
  assert.equal(sumOf(second.value), 2 * sumOf(first.value))
  assert.equal(second.start?.[5], first.start?.[5])
})

test('one percent of the series is replaced at a time', () => {
  const bodies = otlpBodies({ series: SERIES, timeMs: TIME })
  const before = new Set(decodeAll(bodies).series)
  for (const body of bodies) body.renameUpTo(3.7)
  const after = decodeAll(bodies)
  assert.equal(after.series.filter(series => !before.has(series)).length, (3 * SERIES) / 100)
  assert.equal(new Set(after.series).size, SERIES)
  assert.equal(after.sum, TOTAL)
})

test('series that do not fill bodies are refused', () => {
  assert.throws(() => otlpBodies({ series: 1500, timeMs: TIME }), /1500 series do not fill bodies: .* 1000/)
})

function decodeAll(bodies: readonly OtlpBody[]): { series: Series[]; sum: number } {
  const blocks = bodies.map(({ bytes }) => decoder.decode(bytes, 0).block)
  return {
    series: blocks.flatMap(({ series }) => [...series]),
    sum: blocks.reduce((sum, { value }) => sum + sumOf(value), 0)
  }
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0)
}
