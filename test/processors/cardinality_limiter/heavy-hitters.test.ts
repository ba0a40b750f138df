import assert from 'node:assert/strict'
import { it } from 'node:test'
import plugin from '../../../processors/cardinality_limiter/index.ts'
import { memoryBound } from '../../../processors/cardinality_limiter/memory-bound.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'
import { Harness, type TestPoint } from './harness.ts'

const OVERFLOW = 'm{otel.metric.overflow=true}'

it('a million random values on one metric: memory flat, sums exact, the frequent series kept, others untouched', () => {
  const config = {
    max_series_per_metric: 200,
    max_series_total: 2000,
    idle_expiry: '1m',
    max_folded_series: 5000,
    max_metrics: 50
  }
  const weir = new Harness(config)
  const BATCHES = 1000
  const JUNK = 1000
  const heavy = Array.from({ length: 100 }, (_, i) => ({ attributes: { user: `heavy ${i}` } }))
  let sent = 0
  let others = 0
  for (let batch = 0; batch < BATCHES; batch++) {
    const points: TestPoint[] = []
    for (let i = 0; i < JUNK; i++) points.push({ attributes: { user: `junk ${batch * JUNK + i}` } })
    // Junk comes first, so that it has taken all places before the first of the frequent ones.
    if (batch > 0) points.push(...heavy)
    points.push({ name: 'other', attributes: { a: `${batch % 5}` } })
    sent += points.length - 1
    others++
    weir.send(...points)
    weir.advance(1)
  }
  const kept = weir.outputs
    .filter(({ series }) => series.startsWith('m{user='))
    .reduce((sum, { value }) => sum + value, 0)
  assert.equal(kept + weir.sumOf(OVERFLOW), sent)
  assert.equal(weir.outputs.filter(({ series }) => series.startsWith('other{')).length, others)
  const lately = weir.outputs.slice(-500).filter(({ series }) => series.startsWith('m{user=heavy'))
  assert.equal(new Set(lately.map(({ series }) => series)).size, 100, 'all frequent series pass')
  const seriesOut = new Set(weir.outputs.map(({ series }) => series))
  assert.ok(seriesOut.size < 500, `${seriesOut.size} series came out`)
  assert.ok(weir.processor.snapshot!().length < memoryBound(testConfig(plugin, config)))
  assert.equal(weir.context.account.imbalance, 0)
})

it('memory is flat: the snapshot after 100,000 random cumulative series is as large as after 400,000', () => {
  const config = {
    max_series_per_metric: 100,
    max_series_total: 1000,
    idle_expiry: '1m',
    max_folded_series: 2000,
    max_metrics: 10
  }
  const weir = new Harness(config)
  const metric = { temporality: 'cumulative' } as const
  const sizes: number[] = []
  for (let batch = 0; batch < 400; batch++) {
    const points: TestPoint[] = []
    for (let i = 0; i < 1000; i++) points.push({ attributes: { user: `${batch} ${i}` }, metric, start: batch })
    weir.send(...points)
    weir.advance(1)
    if (batch % 100 === 99) sizes.push(weir.processor.snapshot!().length)
  }
  assert.ok(sizes[3] < sizes[0] * 1.2, sizes.join())
  assert.ok(sizes[3] < memoryBound(testConfig(plugin, config)))
})

it('a silent series gives its place to one that comes often, not to one that comes once', () => {
  const weir = new Harness({ max_series_per_metric: 1, idle_expiry: '1m' })
  weir.send({ attributes: { id: 'first' } })
  for (let i = 0; i < 200; i++) {
    weir.send({ attributes: { id: 'often' } }, { attributes: { id: `once ${i}` } })
    weir.advance(1)
  }
  const passing = new Set(weir.outputs.map(({ series }) => series))
  assert.deepEqual([...passing].sort(), ['m{id=first}', 'm{id=often}', OVERFLOW].sort())
})

it('series that come equally often do not take places from each other', () => {
  const weir = new Harness({ max_series_per_metric: 5, idle_expiry: '1m' })
  for (let i = 0; i < 500; i++) {
    for (let id = 0; id < 10; id++) weir.send({ attributes: { id: `${id}` } })
    weir.advance(1)
  }
  assert.equal(new Set(weir.outputs.map(({ series }) => series)).size, 6)
})
