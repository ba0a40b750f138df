import assert from 'node:assert/strict'
import { test } from 'node:test'
import { otlpBodies, seriesValue } from '../../bench/otlp-payload.ts'
import type { Series } from '../../core/model/series-table/series-table.ts'
import { SeriesTable } from '../../core/model/series-table/series-table.ts'
import { OtlpMetricsDecoder } from '../../core/wire/otlp/metrics-decoder.ts'

const SERIES = 2000

for (const stride of [1, 77])
  test(`bodies hold each series once in turn, ${stride} apart`, () => {
    const decoder = new OtlpMetricsDecoder(new SeriesTable())
    const sums = new Map<Series, number>()
    for (const body of otlpBodies({ series: SERIES, bodies: 4, timeMs: 1_760_000_000_000, stride })) {
      const { block, rejections } = decoder.decode(body, 0)
      assert.deepEqual([block.length, rejections.total, block.time[999]], [1000, 0, 1_760_000_000_000])
      for (const [i, series] of [...block.series].entries()) sums.set(series, (sums.get(series) ?? 0) + block.value[i])
    }
    const ids = Array.from({ length: SERIES }, (_, id) => id)
    const total = ids.reduce((sum, id) => sum + 2 * seriesValue(id), 0)
    assert.equal(sums.size, SERIES)
    assert.equal(
      [...sums.values()].reduce((sum, value) => sum + value, 0),
      total
    )
  })
