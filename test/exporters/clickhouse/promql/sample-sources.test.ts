import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowsOf } from '../../../../exporters/clickhouse/promql/sample-sources.ts'
import { PointBlockBuilder } from '../../../../sdk/plugin/index.ts'
import { embedded, FOREVER, signal } from '../harness.ts'

const SERIES = 40
const METRIC = { name: 'queue', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const

test('parts of the series are all of them, each once', async () => {
  await using h = await embedded(FOREVER)
  const builder = new PointBlockBuilder()
  for (let n = 0; n < SERIES; n++) builder.add(h.context.series.intern(METRIC, [['n', String(n)]]), 1000, n)
  await h.exporter.export(builder.build(), signal())
  const overlaps = { samples: [], distributions: [] }
  const range = { database: 'weir', suffix: '', overlaps, names: ['queue'], ids: undefined, after: 0, until: 2000 }
  const valuesIn = async (part?: { index: number; of: number }) =>
    (await h.rows<{ value: number }>(rowsOf('samples', 'value', { ...range, part }))).map(({ value }) => value)
  const all = (await valuesIn()).sort((a, b) => a - b)
  assert.equal(all.length, SERIES)
  for (const count of [1, 2, 3, 7]) {
    const parts = await Promise.all(Array.from({ length: count }, (_, index) => valuesIn({ index, of: count })))
    assert.deepEqual(
      parts.flat().sort((a, b) => a - b),
      all
    )
    if (count === 2) assert.ok(parts.every(part => part.length > SERIES / 8))
  }
})
