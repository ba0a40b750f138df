import assert from 'node:assert/strict'
import { it } from 'node:test'
import plugin from '../../../processors/cardinality_limiter/index.ts'
import { memoryBound } from '../../../processors/cardinality_limiter/memory-bound.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'
import { expireIdle } from '../../core/model/series-table/idle-series.ts'
import { collectGarbage } from '../../garbage.ts'
import { Harness, type TestPoint } from './harness.ts'

const OVERFLOW = 'm{otel.metric.overflow=true}'
/** Of the heap, while 250,000 series come and go that would take 500 bytes each, once all places are taken. Bytes. */
const MOST_GROWTH = 4 * 2 ** 20

/** Bytes in use, without what nobody refers to, and without series that are idle. */
async function heapUsed(weir: Harness): Promise<number> {
  await expireIdle(weir.context.series)
  collectGarbage()
  return process.memoryUsage().heapUsed
}

/** All different, and in no order. */
const junkId = (n: number) => `junk ${(Math.imul(n, 0x9e3779b1) >>> 0).toString(16)}`

const sumWhere = (weir: Harness, applies: (series: string) => boolean) =>
  weir.outputs.reduce((sum, { series, value }) => sum + (applies(series) ? value : 0), 0)

it('half a million random values on one metric: memory flat, sums exact, the frequent series kept, others untouched', async () => {
  const config = {
    max_series_per_metric: 200,
    max_series_total: 2000,
    idle_expiry: '1m',
    max_folded_series: 5000,
    max_metrics: 50
  }
  const weir = new Harness(config)
  const BATCHES = 500
  const JUNK = 1000
  const heavy = Array.from({ length: 100 }, (_, i) => ({ attributes: { user: `heavy ${i}` } }))
  const heap: number[] = []
  const names = new Set<string>()
  let sent = 0
  let kept = 0
  let overflowed = 0
  for (let batch = 0; batch < BATCHES; batch++) {
    const points: TestPoint[] = []
    for (let i = 0; i < JUNK; i++) points.push({ attributes: { user: junkId(batch * JUNK + i) } })
    // Junk comes first, so that it has taken all places before the first of the frequent ones.
    if (batch > 0) points.push(...heavy)
    sent += points.length
    points.push({ name: 'other', attributes: { a: `${batch % 5}` }, value: batch })
    weir.send(...points)
    const others = weir.outputs.filter(({ series }) => series.startsWith('other{'))
    assert.deepEqual(
      others.map(({ series, at, value }) => [series, at, value]),
      [[`other{a=${batch % 5}}`, batch, batch]]
    )
    for (const { series } of weir.outputs) names.add(series)
    kept += sumWhere(weir, series => series.startsWith('m{user='))
    overflowed += weir.sumOf(OVERFLOW)
    if (batch < BATCHES - 1) weir.outputs.length = 0
    weir.host.sent.length = 0
    weir.advance(1)
    if (batch % (BATCHES / 4) === BATCHES / 4 - 1) heap.push(await heapUsed(weir))
  }
  assert.equal(kept + overflowed, sent)
  const passing = weir.outputs.map(({ series }) => series).filter(series => series.startsWith('m{user='))
  assert.deepEqual(new Set(passing), new Set(heavy.map(({ attributes }) => `m{user=${attributes.user}}`)))
  assert.equal(weir.report().metrics.find(({ name }) => name === 'm')!.admitted, heavy.length)
  assert.ok(names.size < 500, `${names.size} series came out`)
  assert.ok(heap[3] - heap[1] < MOST_GROWTH, `bytes of heap after each quarter: ${heap.join(', ')}`)
  assert.ok(weir.processor.snapshot!().length < memoryBound(testConfig(plugin, config)))
  assert.equal(weir.context.account.imbalance, 0)
})

it('memory is flat: the snapshot after 25,000 random cumulative series is as large as after 100,000', () => {
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
  const totals = new Map<string, number>()
  for (let batch = 0; batch < 100; batch++) {
    const points: TestPoint[] = []
    for (let i = 0; i < 1000; i++)
      points.push({ attributes: { user: `${batch} ${i}` }, metric, at: batch + 0.5, start: batch })
    weir.send(...points)
    for (const { series, value } of weir.outputs.splice(0)) totals.set(series, value)
    weir.advance(1)
    if (batch % 25 === 24) sizes.push(weir.processor.snapshot!().length)
  }
  assert.equal(
    [...totals.values()].reduce((a, b) => a + b, 0),
    100_000
  )
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
