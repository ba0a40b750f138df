import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Distribution } from '../../../../core/model/distribution.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlock, PointBlockBuilder } from '../../../../core/model/points.ts'
import { openState, sealState } from '../../../../core/model/saved-state.ts'
import type { MetricKind } from '../../../../core/model/series.ts'
import { type Series, SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import type { SavedStreams } from '../../../../core/wire/prometheus/earlier-streams.ts'
import { Translator } from '../../../../core/wire/prometheus/translator.ts'
import { LabelTexts } from './label-texts.ts'

const NOW = 1_700_000_000_000
const MINUTE = 60_000
const TOTALS = { count: 6, sum: 9, min: Number.NaN, max: Number.NaN }
const EXPLICIT = { kind: 'histogram', ...TOTALS, bounds: [1, 2], counts: [1, 2, 3] } as const
const EXPONENTIAL = {
  kind: 'exponential_histogram',
  ...TOTALS,
  scale: 0,
  zeroCount: 0,
  zeroThreshold: 0,
  positive: { offset: 0, counts: [6] },
  negative: { offset: 0, counts: [] }
} as const
const SUMMARY = { kind: 'summary', count: 6, sum: 9, quantiles: [{ quantile: 0.5, value: 1 }] } as const
const BUCKETS = ['_bucket{le="+Inf"}', '_bucket{le="1"}', '_bucket{le="2"}', '_count{}', '_sum{}']

const texts = new LabelTexts()

/** Another process: its series have other ids. */
function process(exponentialHistograms: 'vmrange' | 'le' = 'vmrange') {
  const options = { strategy: 'NoTranslation', externalLabels: {}, promoteResourceAttributes: [] } as const
  const registry = new SeriesTable()
  return {
    translator: new Translator(registry, { ...options, targetInfo: false, exponentialHistograms }, texts),
    series: (name: string, kind: MetricKind) =>
      registry.intern({ name, unit: '', description: '', kind, temporality: 'cumulative' }, [])
  }
}

function restarted(before: ReturnType<typeof process>, now: number): ReturnType<typeof process> {
  const after = process()
  after.translator.restoreStreams(openState(1, sealState(1, before.translator.saveStreams(now))) as SavedStreams)
  return after
}

function point(series: Series, distribution: Distribution): PointBlock {
  const points = new PointBlockBuilder()
  points.addDistribution(series, NOW, distribution)
  return points.build()
}

/** All that ends with the series. */
function ended({ translator }: ReturnType<typeof process>, series: Series, last?: Distribution): string[] {
  const points = new PointBlockBuilder()
  if (last === undefined) points.add(series, NOW, 0, 0, FLAG_NO_RECORDED_VALUE)
  else points.addDistribution(series, NOW, last, 0, FLAG_NO_RECORDED_VALUE)
  const { samples } = translator.translate(points.build(), NOW)
  assert.ok(samples.stale.subarray(0, samples.length).every(stale => stale === 1))
  return texts
    .of(samples)
    .map(text => text.replace(/^d/, ''))
    .sort()
}

for (const [kind, distribution, want] of [
  ['histogram', EXPLICIT, BUCKETS],
  ['exponential_histogram', EXPONENTIAL, ['_bucket{vmrange="1...2"}', '_count{}', '_sum{}']],
  ['summary', SUMMARY, ['_count{}', '_sum{}', '{quantile="0.5"}']]
] as const) {
  test(`regression: after a restart the end of a ${kind} ended its count and sum alone`, () => {
    const before = process()
    before.translator.translate(point(before.series('d', kind), distribution), NOW)
    const after = restarted(restarted(before, NOW), NOW)
    // A series that was not there before, under the id that the other one had.
    assert.deepEqual(ended(after, after.series('other', kind)), ['other_count{}', 'other_sum{}'])
    assert.deepEqual(ended(after, after.series('d', kind)), want)
  })
}

test('streams of a series from before a restart and after it end together', () => {
  const before = process()
  before.translator.translate(point(before.series('d', 'histogram'), EXPLICIT), NOW)
  const after = restarted(before, NOW)
  const series = after.series('d', 'histogram')
  after.translator.translate(point(series, { ...EXPLICIT, bounds: [2, 4] }), NOW)
  const want = [...BUCKETS, '_bucket{le="4"}'].sort()
  const again = restarted(after, NOW)
  assert.deepEqual(ended(again, again.series('d', 'histogram')), want)
  assert.deepEqual(ended(after, series), want)
})

test('a stream last seen five minutes before has ended by itself, and is not kept', () => {
  const before = process()
  before.translator.translate(point(before.series('d', 'histogram'), EXPLICIT), NOW)
  const names = (one: ReturnType<typeof process>, now: number) => one.translator.saveStreams(now).names.length
  assert.equal(names(before, NOW + 5 * MINUTE - 1), 1)
  assert.equal(names(before, NOW + 5 * MINUTE), 0)
  const after = restarted(before, NOW + MINUTE)
  assert.equal(names(after, NOW + 5 * MINUTE - 1), 1)
  assert.equal(names(after, NOW + 5 * MINUTE), 0)
})

test('series that became the same share a list of it', () => {
  const { translator, series } = process()
  for (let i = 0; i < 1000; i++) translator.translate(point(series(`d${i}`, 'histogram'), EXPLICIT), NOW)
  const saved = translator.saveStreams(NOW)
  assert.deepEqual([saved.names.length, saved.hashes.length], [1, 1000])
})

for (const [kind, last, want] of [
  ['histogram', { ...EXPLICIT, count: 0, sum: Number.NaN, counts: [0, 0, 0] }, BUCKETS],
  ['summary', SUMMARY, ['_count{}', '_sum{}', '{quantile="0.5"}']]
] as const) {
  test(`an end that comes with bounds or quantiles ends those, whoever wrote them (${kind})`, () => {
    const fresh = process()
    assert.deepEqual(ended(fresh, fresh.series('d', kind), last), want)
  })
}

test('what is saved while the end of a series is prepared ends all of its earlier streams', () => {
  const before = process()
  before.translator.translate(point(before.series('d', 'histogram'), EXPLICIT), NOW)
  const after = restarted(before, NOW)
  const end = new PointBlockBuilder()
  end.add(after.series('d', 'histogram'), NOW, 0, 0, FLAG_NO_RECORDED_VALUE)
  // A checkpoint comes between turns, and the process ends before the block is sent.
  runThrough(after.translator.prepare(end.build(), NOW))
  const again = restarted(after, NOW)
  assert.deepEqual(ended(again, again.series('d', 'histogram')), BUCKETS)
})
