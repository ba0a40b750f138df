import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Distribution } from '../../../sdk/plugin/index.ts'
import { FLAG_NO_RECORDED_VALUE, observation, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { eventsOf, Harness } from './harness.ts'

it('the same series, time and value is a duplicate; another time or series is not', async () => {
  const weir = new Harness({ mode: 'sample' })
  weir.send(weir.points({ at: 0 }, { at: 1 }, { at: 0, name: 'n' }, { at: 0, attributes: { a: 'b' } }))
  assert.equal(weir.last.length, 4)
  assert.equal(await weir.send(weir.points({ at: 0 }, { at: 2 }, { at: 0, name: 'n' })), 'acked')
  assert.equal(weir.last.length, 1)
  assert.deepEqual(weir.dropped, { duplicate: 2 })
})

it('keep_first: another value for the same series and time is dropped, and its sender told', async () => {
  const weir = new Harness({ mode: 'sample' })
  weir.send(weir.points({ at: 0, value: 1 }))
  assert.equal(await weir.send(weir.points({ at: 0, value: 2 }, { at: 0, value: 1 }, { at: 1 })), 'dropped 1')
  assert.deepEqual(weir.dropped, { conflicting_sample: 1, duplicate: 1 })
  assert.equal(weir.context.counters.get('conflicts_total'), 1)
  assert.equal(weir.context.account.imbalance, 0)
})

it('keep_first: in one batch too', async () => {
  const weir = new Harness({ mode: 'sample' })
  assert.equal(await weir.send(weir.points({ at: 0, value: 1 }, { at: 0, value: 2 })), 'dropped 1')
})

it('pass: each value passes once', async () => {
  const weir = new Harness({ mode: 'sample', conflict: 'pass' })
  const both = () => weir.points({ at: 0, value: 1 }, { at: 0, value: 2 })
  assert.equal(await weir.send(both()), 'acked')
  assert.equal(weir.last.length, 2)
  assert.equal(await weir.send(both()), 'acked')
  assert.equal(weir.out.length, 1)
  assert.equal(weir.context.counters.get('conflicts_total'), 1)
  assert.deepEqual(weir.dropped, { duplicate: 2 })
})

it('pass: a further value that nobody kept is forgotten again', () => {
  const weir = new Harness({ mode: 'sample', conflict: 'pass' })
  weir.send(weir.points({ at: 0, value: 1 }))
  weir.onBatch = batch => batch.nack(new Error('down'))
  weir.send(weir.points({ at: 0, value: 2 }))
  weir.send(weir.points({ at: 0, value: 2 }))
  assert.equal(weir.out.length, 3)
})

it('increments without an interval, such as StatsD lines, are no samples; with one they are', () => {
  const weir = new Harness({ mode: 'sample' })
  const metric = { temporality: 'delta' } as const
  weir.send(weir.points({ at: 0, metric }, { at: 0, metric }, { at: 1, metric, start: 0 }, { at: 1, metric, start: 0 }))
  assert.equal(weir.last.length, 3)
})

it('events pass', () => {
  const weir = new Harness({ mode: 'sample' })
  weir.send(eventsOf(['a', 'a']))
  assert.equal(weir.last.length, 2)
})

const buckets = { offset: 0, counts: [1, 2] }
const exponential: Distribution = {
  kind: 'exponential_histogram',
  count: 3,
  sum: 4,
  min: 1,
  max: 2,
  scale: 1,
  zeroCount: 0,
  zeroThreshold: 0,
  positive: buckets,
  negative: { offset: 0, counts: [] }
}
const DISTRIBUTIONS: [string, Distribution, Distribution][] = [
  [
    'bounds',
    { ...observation(1, 3), bounds: [1], counts: [1, 2] },
    { ...observation(1, 3), bounds: [2], counts: [1, 2] }
  ],
  [
    'counts',
    { ...observation(1, 3), bounds: [1], counts: [1, 2] },
    { ...observation(1, 3), bounds: [1], counts: [2, 1] }
  ],
  ['exponential buckets', exponential, { ...exponential, positive: { ...buckets, offset: 1 } }],
  ['sides', exponential, { ...exponential, positive: { offset: 0, counts: [] }, negative: buckets }],
  [
    'quantiles',
    { kind: 'summary', count: 1, sum: 1, quantiles: [{ quantile: 0.5, value: 1 }] },
    { kind: 'summary', count: 1, sum: 1, quantiles: [{ quantile: 0.5, value: 2 }] }
  ],
  ['members', { kind: 'set', members: ['a', 'b'] }, { kind: 'set', members: ['a', 'c'] }],
  [
    'hashes of a sketch',
    { kind: 'distinct', count: 2, state: Float64Array.of(1, 2) },
    { kind: 'distinct', count: 2, state: Float64Array.of(1, 3) }
  ],
  [
    'registers of a sketch',
    { kind: 'distinct', count: 2, state: { precision: 14, registers: Uint8Array.of(1, 2) } },
    { kind: 'distinct', count: 2, state: { precision: 14, registers: Uint8Array.of(2, 1) } }
  ]
]
for (const [name, a, b] of DISTRIBUTIONS) {
  it(`distributions that differ in ${name} are in conflict, equal ones duplicates`, () => {
    const weir = new Harness({ mode: 'sample' })
    const series = weir.points({ at: 0 }).series.at(0)
    const points = new PointBlockBuilder()
    for (const distribution of [a, structuredClone(a), b]) points.addDistribution(series, 1000, distribution)
    weir.send(points.build())
    assert.deepEqual(weir.dropped, { duplicate: 1, conflicting_sample: 1 })
  })
}

it('NaN equals NaN, 0 equals -0, and a stale marker is not the value 0', () => {
  const weir = new Harness({ mode: 'sample' })
  const series = weir.points({ at: 0 }).series.at(0)
  const points = new PointBlockBuilder()
  points.add(series, 1000, Number.NaN)
  points.add(series, 1000, Number.NaN)
  points.add(series, 2000, 0)
  points.add(series, 2000, -0)
  points.add(series, 2000, 0, 0, FLAG_NO_RECORDED_VALUE)
  weir.send(points.build())
  assert.deepEqual(weir.dropped, { duplicate: 2, conflicting_sample: 1 })
})
