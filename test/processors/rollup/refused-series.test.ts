import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import type { Metric } from '../../../core/model/series.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { RefusedSeries } from '../../../processors/rollup/refused-series.ts'

const registry = new SeriesTable()
function series(name: string, kind: Metric['kind'], attributes: Record<string, string> = {}) {
  const metric: Metric = { name, unit: '', description: '', kind, temporality: 'delta' }
  return registry.intern(metric, Object.entries(attributes).sort())
}

for (const [name, by, of, want] of [
  ['a counter', undefined, series('a', 'counter'), undefined],
  ['a bucket, all attributes kept', undefined, series('a', 'counter', { le: '1' }), undefined],
  ['a bucket, le kept', ['le'], series('a', 'counter', { le: '1' }), undefined],
  ['a bucket, le lost', ['route'], series('a', 'counter', { le: '1' }), 'bucket_without_le'],
  ['a bucket, vmrange lost', ['le'], series('a', 'counter', { vmrange: '1...2' }), 'bucket_without_le'],
  ['a summary', undefined, series('a', 'summary'), 'quantiles_do_not_merge'],
  ['a quantile', undefined, series('a', 'gauge', { quantile: '0.9' }), 'quantiles_do_not_merge'],
  ['an average of a window', undefined, series('a.avg', 'gauge', { window: '10s' }), 'average_of_averages'],
  ['the least of an interval', undefined, series('a.min', 'gauge', { rollup: '1s' }), 'gauge_of_a_tier'],
  ['the sum of an interval', undefined, series('a.sum', 'up_down_counter', { rollup: '1s' }), undefined],
  ['what somebody calls an average', undefined, series('a.avg', 'gauge'), undefined],
  ['a histogram, attributes lost', ['route'], series('a', 'histogram', { le: '1' }), 'bucket_without_le']
] as const) {
  test(`${name}: ${want ?? 'taken'}`, () => {
    assert.equal(new RefusedSeries(by, pino({ level: 'silent' })).of(of), want)
  })
}

test('a refused metric is reported once, with the remedy', () => {
  const lines: string[] = []
  const refusals = new RefusedSeries(undefined, pino({}, { write: line => void lines.push(line) }))
  for (const name of ['a', 'b', 'a']) {
    refusals.of(series(name, 'summary'))
    refusals.of(series(name, 'counter'))
  }
  assert.deepEqual(
    lines.map(line => JSON.parse(line).metric),
    ['a', 'b']
  )
  assert.match(lines[0], /send histograms/)
})
