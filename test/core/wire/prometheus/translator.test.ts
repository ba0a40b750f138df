import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { sortAttributes } from '../../../../core/model/attributes.ts'
import { type Distribution, observation } from '../../../../core/model/distribution.ts'
import { FLAG_NO_RECORDED_VALUE, PointBlockBuilder } from '../../../../core/model/points.ts'
import { type MetricKind, NO_RESOURCE, type Temporality } from '../../../../core/model/series.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import type { Labels } from '../../../../core/wire/prometheus/labels.ts'
import { rowsBySeries, Samples } from '../../../../core/wire/prometheus/samples.ts'
import { Translator, type TranslatorOptions } from '../../../../core/wire/prometheus/translator.ts'
import { ProtobufWriter } from '../../../../core/wire/protobuf/writer.ts'
import { LabelSets } from '../../../../core/wire/remote-write/label-sets.ts'
import { collectGarbage } from '../../../garbage.ts'
import { expireIdle } from '../../model/series-table/idle-series.ts'
import { LabelTexts } from './label-texts.ts'

const NOW = 1_700_000_000_000
const OPTIONS: TranslatorOptions = {
  strategy: 'UnderscoreEscapingWithSuffixes',
  externalLabels: {},
  promoteResourceAttributes: [],
  targetInfo: true,
  exponentialHistograms: 'vmrange'
}

const registry = new SeriesTable()
const texts = new LabelTexts()
const translator = (options: Partial<TranslatorOptions> = {}, table = registry) =>
  new Translator(table, { ...OPTIONS, ...options }, texts)
const series = (name: string, kind: MetricKind, temporality: Temporality, attributes = {}, resource = NO_RESOURCE) =>
  registry.intern(
    { name, unit: '', description: `about ${name}`, kind, temporality },
    sortAttributes(Object.entries(attributes)),
    resource
  )

function lines(samples: Samples): string[] {
  const line = (labels: string, i: number) =>
    `${labels} ${samples.stale[i] ? 'stale' : samples.value[i]} ${samples.time[i] - NOW}`
  return texts.of(samples).map(line)
}

function translated(kind: MetricKind, distribution: Distribution, options: Partial<TranslatorOptions> = {}): string[] {
  const points = new PointBlockBuilder()
  points.addDistribution(series('d', kind, 'cumulative'), NOW, distribution)
  return lines(translator(options).translate(points.build(), NOW).samples)
}

test('cumulative and per-window counts of one metric are two names', () => {
  const points = new PointBlockBuilder()
  points.add(series('http.requests', 'counter', 'cumulative'), NOW + 0.7, 12)
  points.add(series('http.requests', 'counter', 'delta', { window: '10s' }), NOW + 5, 3, NOW - 5)
  points.add(series('queue', 'up_down_counter', 'cumulative'), NOW, -1)
  assert.deepEqual(lines(translator().translate(points.build(), NOW).samples), [
    'http_requests_total{} 12 0',
    'http_requests{window="10s"} 3 5',
    'queue{} -1 0'
  ])
})

test('a histogram becomes cumulative buckets, sum and count', () => {
  const histogram = {
    kind: 'histogram',
    count: 10,
    sum: 42,
    min: 1,
    max: 9,
    bounds: [1, 2.5],
    counts: [3, 4, 3]
  } as const
  assert.deepEqual(translated('histogram', histogram), [
    'd_count{} 10 0',
    'd_sum{} 42 0',
    'd_bucket{le="1"} 3 0',
    'd_bucket{le="2.5"} 7 0',
    'd_bucket{le="+Inf"} 10 0'
  ])
  assert.deepEqual(translated('histogram', observation(7, 2)), [
    'd_count{} 2 0',
    'd_sum{} 14 0',
    'd_bucket{le="+Inf"} 2 0'
  ])
})

test('a histogram without a sum has no series for it', () => {
  const unknown = { count: 7, sum: Number.NaN, min: Number.NaN, max: Number.NaN }
  assert.deepEqual(translated('histogram', { kind: 'histogram', ...unknown, bounds: [0], counts: [3, 4] }), [
    'd_count{} 7 0',
    'd_bucket{le="0"} 3 0',
    'd_bucket{le="+Inf"} 7 0'
  ])
  const [positive, negative] = [
    { offset: 0, counts: [7] },
    { offset: 0, counts: [] }
  ]
  const shape = { scale: 0, zeroCount: 0, zeroThreshold: 0, positive, negative }
  assert.deepEqual(translated('exponential_histogram', { kind: 'exponential_histogram', ...unknown, ...shape }), [
    'd_count{} 7 0',
    'd_bucket{vmrange="1...2"} 7 0'
  ])
})

const INFINITE = [1, 2, Number.POSITIVE_INFINITY]

for (const temporality of ['delta', 'cumulative'] as const) {
  test(`a last bound of infinity is the bucket that every histogram has, once (${temporality})`, () => {
    const points = new PointBlockBuilder()
    const histogram = { kind: 'histogram', count: 10, sum: 100, min: 0, max: 9 } as const
    const own = series('h', 'histogram', temporality)
    points.addDistribution(own, NOW, { ...histogram, bounds: INFINITE, counts: [5, 2, 3, 0] })
    const { samples } = translator({ targetInfo: false }).translate(points.build(), NOW)
    const lost = new Set<number>()
    const rows = rowsBySeries(samples, lost)
    assert.deepEqual(lost, new Set())
    assert.deepEqual(
      Array.from(rows, row => lines(samples)[row]).filter(line => line.startsWith('h_bucket')),
      ['h_bucket{le="1"} 5 0', 'h_bucket{le="2"} 7 0', 'h_bucket{le="+Inf"} 10 0']
    )
  })
}

test('a bound of minus infinity is -Inf', () => {
  const histogram = { kind: 'histogram', count: 3, sum: 4, min: 1, max: 2 } as const
  const bounds = [Number.NEGATIVE_INFINITY, 1]
  assert.deepEqual(translated('histogram', { ...histogram, bounds, counts: [0, 1, 2] }).slice(2), [
    'd_bucket{le="-Inf"} 0 0',
    'd_bucket{le="1"} 1 0',
    'd_bucket{le="+Inf"} 3 0'
  ])
})

test('exponential buckets that reach 2^1024 end in +Inf, once', () => {
  const histogram = {
    kind: 'exponential_histogram',
    count: 5,
    sum: Number.NaN,
    min: Number.NaN,
    max: Number.NaN,
    scale: -9,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: { offset: 0, counts: [2, 1] },
    negative: { offset: 1, counts: [2] }
  } as const
  const [end, below] = [String(2 ** 512), String(-(2 ** 512))]
  assert.deepEqual(translated('exponential_histogram', histogram).slice(1), [
    `d_bucket{vmrange="-Inf...${below}"} 2 0`,
    `d_bucket{vmrange="1...${end}"} 2 0`,
    `d_bucket{vmrange="${end}...+Inf"} 1 0`
  ])
  assert.deepEqual(translated('exponential_histogram', histogram, { exponentialHistograms: 'le' }).slice(1), [
    `d_bucket{le="${below}"} 2 0`,
    'd_bucket{le="1"} 2 0',
    `d_bucket{le="${end}"} 4 0`,
    'd_bucket{le="+Inf"} 5 0'
  ])
})

test('an exponential histogram becomes vmrange or le buckets of scale 3 at most', () => {
  const histogram = {
    kind: 'exponential_histogram',
    count: 11,
    sum: 5,
    min: Number.NaN,
    max: Number.NaN,
    // Buckets of (4^i, 4^(i+1)].
    scale: -1,
    zeroCount: 1,
    zeroThreshold: 0.001,
    positive: { offset: 0, counts: [2, 0, 3] },
    negative: { offset: 0, counts: [5] }
  } as const
  assert.deepEqual(translated('exponential_histogram', histogram).slice(2), [
    'd_bucket{vmrange="-4...-1"} 5 0',
    'd_bucket{vmrange="-0.001...0.001"} 1 0',
    'd_bucket{vmrange="1...4"} 2 0',
    'd_bucket{vmrange="16...64"} 3 0'
  ])
  assert.deepEqual(translated('exponential_histogram', histogram, { exponentialHistograms: 'le' }).slice(2), [
    'd_bucket{le="-4"} 0 0',
    'd_bucket{le="-1"} 5 0',
    'd_bucket{le="-0.001"} 5 0',
    'd_bucket{le="0.001"} 6 0',
    'd_bucket{le="1"} 6 0',
    'd_bucket{le="4"} 8 0',
    'd_bucket{le="16"} 8 0',
    'd_bucket{le="64"} 11 0',
    'd_bucket{le="+Inf"} 11 0'
  ])
  const fine = {
    ...histogram,
    scale: 5,
    zeroCount: 0,
    negative: { offset: 0, counts: [] },
    positive: { offset: -2, counts: [1, 2, 3, 4, 5] }
  }
  assert.deepEqual(translated('exponential_histogram', fine).slice(2), [
    `d_bucket{vmrange="${2 ** -0.125}...1"} 3 0`,
    `d_bucket{vmrange="1...${2 ** 0.125}"} 12 0`
  ])
})

test('a summary becomes quantiles, a set the number of its members', () => {
  const quantiles = [
    { quantile: 0.5, value: 2 },
    { quantile: 0.99, value: 8 }
  ]
  assert.deepEqual(translated('summary', { kind: 'summary', count: 4, sum: 12, quantiles }), [
    'd_count{} 4 0',
    'd_sum{} 12 0',
    'd{quantile="0.5"} 2 0',
    'd{quantile="0.99"} 8 0'
  ])
  assert.deepEqual(translated('set', { kind: 'set', members: ['a', 'b'] }), ['d{} 2 0'])
})

test('the end of a series ends all it became', () => {
  const points = new PointBlockBuilder()
  const histogram = series('h', 'histogram', 'cumulative')
  points.addDistribution(histogram, NOW, {
    kind: 'histogram',
    count: 1,
    sum: 1,
    min: 1,
    max: 1,
    bounds: [5],
    counts: [1, 0]
  })
  points.add(histogram, NOW + 1, 0, 0, FLAG_NO_RECORDED_VALUE)
  points.add(series('g', 'gauge', 'unspecified'), NOW + 1, 0, 0, FLAG_NO_RECORDED_VALUE)
  assert.deepEqual(lines(translator().translate(points.build(), NOW).samples).slice(4), [
    'h_count{} stale 1',
    'h_sum{} stale 1',
    'h_bucket{le="5"} stale 1',
    'h_bucket{le="+Inf"} stale 1',
    'g{} stale 1'
  ])
})

test('target_info goes out once a minute of event time, and again when a block is tried again', () => {
  const resource = {
    attributes: sortAttributes([
      ['service.name', 'shop'],
      ['host.name', 'h1']
    ]),
    schemaUrl: ''
  }
  const gauge = series('g', 'gauge', 'unspecified', {}, resource)
  const one = translator()
  const infos = (...times: number[]) => {
    const points = new PointBlockBuilder()
    for (const time of times) points.add(gauge, NOW + time, 1)
    const { samples } = one.translate(points.build(), NOW)
    return lines(samples).filter(line => line.startsWith('target_info'))
  }
  assert.deepEqual(infos(0, 0, 1), ['target_info{host_name="h1",job="shop"} 1 0'])
  assert.equal(infos(0, 0, 1).length, 1)
  assert.equal(infos(59_999).length, 0)
  assert.equal(infos(-70_000).length, 0)
  assert.equal(infos(3_600_000).length, 0)
  assert.equal(infos(60_000).length, 1)
})

test('families are announced every five minutes', () => {
  const points = new PointBlockBuilder()
  points.add(series('c', 'counter', 'cumulative', { x: '1' }), NOW, 1)
  points.add(series('c', 'counter', 'cumulative', { x: '2' }), NOW, 1)
  const one = translator()
  const [block, want] = [points.build(), [{ family: 'c_total', type: 'counter', help: 'about c', unit: '' }]]
  assert.deepEqual(one.translate(block, NOW).metadata, want)
  assert.deepEqual(one.translate(block, NOW + 299_999).metadata, [])
  assert.deepEqual(one.translate(block, NOW + 300_000).metadata, want)
})

test('a series that got the id of another is not mistaken for it', async () => {
  const table = new SeriesTable()
  const one = translator({}, table)
  const ids = new Set<number>()
  const translate = (name: string) => {
    const id = table.idOf({ name, unit: '', description: '', kind: 'gauge', temporality: 'delta' }, [])
    const points = new PointBlockBuilder()
    points.addId(table, id, NOW, 1)
    assert.deepEqual(texts.of(one.translate(points.build(), NOW).samples), [`${name}{}`])
    ids.add(id)
  }
  for (const name of ['first', 'second']) {
    translate(name)
    await expireIdle(table)
    assert.equal(table.size, 0)
  }
  assert.equal(ids.size, 1)
})

test('label sets of explicit buckets stay though their series has had too many names', async () => {
  const table = new SeriesTable()
  const labelSets = new LabelSets(table, OPTIONS.strategy, (series, set) => one.relabel(series, set))
  const one: Translator = new Translator(table, OPTIONS, labelSets)
  labelSets.addHolder(one)
  const id = table.idOf({ name: 'h', unit: '', description: '', kind: 'histogram', temporality: 'delta' }, [])
  const translate = (bounds: number[]) => {
    const points = new PointBlockBuilder()
    const counts = new Array(bounds.length + 1).fill(1)
    const totals = { count: counts.length, sum: 1, min: Number.NaN, max: Number.NaN }
    points.addIdDistribution(table, id, NOW, { kind: 'histogram', ...totals, bounds, counts })
    const { samples } = one.translate(points.build(), NOW)
    return Array.from(samples.labels.subarray(0, samples.length), label => {
      const writer = new ProtobufWriter()
      labelSets.write(label, writer)
      return Buffer.from(writer.finish()).toString('latin1')
    })
  }
  const bounds = Array.from({ length: 4200 }, (_, i) => i)
  const before = translate(bounds)
  for (let epoch = 0; epoch < 5; epoch++) {
    await setImmediate()
    collectGarbage()
    runThrough(labelSets.expireIdle())
    labelSets.idOf([['epoch', String(epoch)]])
  }
  assert.deepEqual(translate(bounds), before)
})

test('rows are put series by series, by time, and of equals the last stays', () => {
  const samples = new Samples()
  for (const [labels, time] of [
    ['a', 3],
    ['b', 1],
    ['a', 1],
    ['a', 3],
    ['b', 1],
    ['a', 2],
    ['c', 9]
  ] as const) {
    samples.add(texts.idOfText(labels), time, 0)
  }
  assert.deepEqual([...rowsBySeries(samples)], [2, 5, 3, 4, 6])
  assert.equal(rowsBySeries(new Samples()).length, 0)
})

test('series of one row each stay in their order, also when they come again', () => {
  const samples = new Samples()
  for (let round = 0; round < 2; round++) {
    samples.reset(3)
    for (const labels of ['c', 'a', 'b']) samples.add(texts.idOfText(labels), round, 0)
    assert.deepEqual([...rowsBySeries(samples)], [0, 1, 2])
  }
  samples.add(texts.idOfText('c'), 0, 0)
  assert.deepEqual([...rowsBySeries(samples)], [3, 0, 1, 2])
})

test('increments of several series add up in the one they become; of others the points that are replaced are told', () => {
  const samples = new Samples()
  for (const [point, labels, value, isIncrement] of [
    [0, 'increment', 1, true],
    [1, 'gauge', 1, false],
    [2, 'increment', 2, true],
    [3, 'gauge', 2, false],
    [4, 'increment', 4, true]
  ] as const) {
    samples.point = point
    samples.isIncrement = isIncrement
    samples.add(texts.idOfText(labels), 1, value)
  }
  const lost = new Set<number>()
  const rows = rowsBySeries(samples, lost)
  assert.deepEqual(
    [...rows].map(row => [texts.of(samples)[row], samples.value[row]]),
    [
      ['increment', 7],
      ['gauge', 2]
    ]
  )
  assert.deepEqual([...lost], [1])
})

test('increments of one series and millisecond that end within it, or begin apart, are different ones', () => {
  const points = new PointBlockBuilder()
  const own = series('requests', 'counter', 'delta')
  points.add(own, NOW, 4, 0.000001)
  points.add(own, NOW, 1, 1000)
  points.add(own, NOW + 0.5, 2, NOW)
  const { samples } = translator().translate(points.build(), NOW)
  const lost = new Set<number>()
  const rows = rowsBySeries(samples, lost)
  assert.deepEqual(
    Array.from(rows, row => lines(samples)[row]),
    ['requests{} 7 0']
  )
  assert.deepEqual(lost, new Set())
})

test('label sets of new series are made in steps before they are translated', () => {
  const made: string[] = []
  const idOf = (labels: Labels) => {
    made.push(JSON.stringify(labels))
    return texts.idOf(labels)
  }
  const fresh = new Translator(registry, OPTIONS, { idOf, idLike: texts.idLike })
  const points = new PointBlockBuilder()
  for (let i = 0; i < 300; i++) {
    points.add(series('prepared', 'counter', 'cumulative', { i: String(i) }), NOW, 1)
    const histogram = series('spread', 'histogram', 'cumulative', { i: String(i) })
    points.addDistribution(histogram, NOW, observation(7, 2))
  }
  const block = points.build()
  const steps = [...fresh.prepare(block, NOW)].length
  assert.ok(steps >= 9, `${steps} steps`)
  assert.equal(made.length, 300 * 4, 'one of each number; count, sum and +Inf of each histogram')
  const { samples } = fresh.translate(block, NOW)
  assert.equal(made.length, 300 * 4)
  assert.deepEqual(lines(samples), lines(translator().translate(block, NOW).samples))
})

test('what is saved while a block is prepared has the series of earlier streams in it', () => {
  const points = new PointBlockBuilder()
  const spread = series('kept', 'histogram', 'cumulative')
  points.addDistribution(spread, NOW, {
    kind: 'histogram',
    count: 1,
    sum: 1,
    min: 1,
    max: 1,
    bounds: [4],
    counts: [1, 0]
  })
  const first = translator()
  first.translate(points.build(), NOW)
  const second = translator()
  second.restoreStreams(first.saveStreams(NOW))
  const more = new PointBlockBuilder()
  more.addDistribution(spread, NOW + 1, observation(7, 2))
  runThrough(second.prepare(more.build(), NOW + 1))
  const third = translator()
  third.restoreStreams(second.saveStreams(NOW + 1))
  const end = new PointBlockBuilder()
  end.addDistribution(spread, NOW + 2, observation(7, 2), 0, FLAG_NO_RECORDED_VALUE)
  assert.ok(lines(third.translate(end.build(), NOW + 2).samples).includes('kept_bucket{le="4"} stale 2'))
})
