import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PointBlockBuilder, type SeriesTable } from '../../../sdk/plugin/index.ts'
import { embedded, FOREVER, signal } from './harness.ts'
import { T } from './samples.ts'

const UNKNOWN = { sum: Number.NaN, min: Number.NaN, max: Number.NaN }

/** Both of seven observations that nobody added up. */
function withoutSums(series: SeriesTable) {
  const builder = new PointBlockBuilder()
  const of = (kind: 'histogram' | 'exponential_histogram') =>
    series.intern({ name: kind, unit: 'Cel', description: '', kind, temporality: 'delta' }, [])
  const explicit = { kind: 'histogram', count: 7, ...UNKNOWN, bounds: [0], counts: [3, 4] } as const
  builder.addDistribution(of('histogram'), T, explicit)
  const zero = { scale: 0, zeroCount: 7, zeroThreshold: 0 }
  const none = { offset: 0, counts: [] }
  const exponential = { kind: 'exponential_histogram', count: 7, ...UNKNOWN, ...zero, positive: none, negative: none }
  builder.addDistribution(of('exponential_histogram'), T, exponential as never)
  return builder.build()
}

test('a sum, a least and a greatest value that nobody knows are NaN in the compact tables', async () => {
  await using h = await embedded(FOREVER)
  await h.exporter.export(withoutSums(h.context.series), signal())
  const rows = await h.rows('SELECT kind, count, isNaN(value) AS s, isNaN(min) AS a, isNaN(max) AS b FROM weir.metrics')
  assert.deepEqual(
    new Set(rows.map(row => JSON.stringify(row))),
    new Set(['histogram', 'exponential_histogram'].map(kind => JSON.stringify({ kind, count: 7, s: 1, a: 1, b: 1 })))
  )
})

test('and in those of the Collector', async () => {
  await using h = await embedded({ ...FOREVER, schema: 'otel' })
  await h.exporter.export(withoutSums(h.context.series), signal())
  for (const table of ['otel_metrics_histogram', 'otel_metrics_exponential_histogram']) {
    const columns = 'toUInt32(Count) AS count, isNaN(Sum) AS s, isNaN(Min) AS a, isNaN(Max) AS b'
    assert.deepEqual(await h.rows(`SELECT ${columns} FROM weir.${table}`), [{ count: 7, s: 1, a: 1, b: 1 }])
  }
})
