import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Distribution, observation } from '../../../core/model/distribution.ts'
import { FLAG_NO_RECORDED_VALUE, PointBlockBuilder } from '../../../core/model/points.ts'
import { mergeSameTime } from '../../../core/model/same-time.ts'
import { type MetricKind, SeriesRegistry, type Temporality } from '../../../core/model/series.ts'

type Point = readonly [name: string, time: number, value: number | Distribution, start?: number, flags?: number]

const T = 1_700_000_000_000
const registry = new SeriesRegistry()
const KINDS: Readonly<Record<string, readonly [MetricKind, Temporality]>> = {
  hits: ['counter', 'delta'],
  jobs: ['up_down_counter', 'delta'],
  total: ['counter', 'cumulative'],
  level: ['gauge', 'unspecified'],
  timer: ['histogram', 'delta'],
  users: ['set', 'delta'],
  summary: ['summary', 'unspecified']
}

function merge(points: readonly Point[]) {
  const builder = new PointBlockBuilder()
  for (const [name, time, value, start = 0, flags = 0] of points) {
    const [kind, temporality] = KINDS[name]
    const series = registry.intern({ name, unit: '', description: '', kind, temporality }, [])
    const begins = start === 0 ? 0 : T + start
    if (typeof value === 'number') builder.add(series, T + time, value, begins, flags)
    else builder.addDistribution(series, T + time, value, begins, flags)
  }
  const given = builder.build()
  const { block, lost } = mergeSameTime(given, Math.floor)
  const rows = Array.from({ length: block.length }, (_, i) => [
    block.series[i].metric.name,
    block.time[i] - T,
    block.value[i],
    block.start[i] === 0 ? 0 : block.start[i] - T
  ])
  return { given, block, lost, rows }
}

for (const [name, points, rows, lost] of [
  [
    'increments of one time add up, in the last of them',
    [
      ['hits', 1, 1],
      ['level', 1, 5],
      ['hits', 1, 2],
      ['jobs', 1, -1],
      ['jobs', 1, 3],
      ['hits', 2, 4]
    ],
    [
      ['level', 1, 5, 0],
      ['hits', 1, 3, 0],
      ['jobs', 1, 2, 0],
      ['hits', 2, 4, 0]
    ],
    0
  ],
  [
    'also where others came between, and where the store does not tell their times apart',
    [
      ['hits', 1, 1],
      ['hits', 2, 8],
      ['hits', 1.25, 2]
    ],
    [
      ['hits', 2, 8, 0],
      ['hits', 1.25, 3, 0]
    ],
    0
  ],
  [
    'increments of different intervals add up, from the first start on',
    [
      ['hits', 1, 4, -9],
      ['hits', 1, 1, -5],
      ['hits', 1, 2]
    ],
    [['hits', 1, 7, -9]],
    0
  ],
  [
    'one increment sent twice is one, and told',
    [
      ['hits', 1, 4, -9],
      ['hits', 1, 1, -5],
      ['hits', 1, 4, -9]
    ],
    [['hits', 1, 5, -9]],
    1
  ],
  [
    'of everything else the last stays, and the others are told',
    [
      ['level', 1, 1],
      ['total', 1, 7, -9],
      ['level', 1, 2],
      ['level', 1, 3],
      ['total', 1, 6, -9]
    ],
    [
      ['level', 1, 3, 0],
      ['total', 1, 6, -9]
    ],
    3
  ],
  [
    'the end of a series adds nothing',
    [
      ['hits', 1, 3],
      ['hits', 1, Number.NaN, 0, FLAG_NO_RECORDED_VALUE]
    ],
    [['hits', 1, Number.NaN, 0]],
    1
  ]
] as const satisfies readonly (readonly [string, readonly Point[], unknown, number])[]) {
  test(name, () => {
    const merged = merge(points)
    assert.deepEqual(merged.rows, rows)
    assert.equal(merged.lost, lost)
  })
}

test('observations, sets and histograms of one time add up by what they are', () => {
  const { block, lost } = merge([
    ['timer', 1, observation(10, 1)],
    ['users', 1, { kind: 'set', members: ['ann', 'bob'] }],
    ['timer', 1, observation(20, 2)],
    ['users', 1, { kind: 'set', members: ['bob', 'cid'] }],
    ['timer', 2, { kind: 'histogram', count: 2, sum: 3, min: 1, max: 2, bounds: [1], counts: [1, 1] }],
    ['timer', 2, { kind: 'histogram', count: 1, sum: Number.NaN, min: 3, max: 3, bounds: [1], counts: [0, 1] }],
    ['summary', 2, { kind: 'summary', count: 1, sum: 1, quantiles: [] }],
    ['summary', 2, { kind: 'summary', count: 2, sum: 2, quantiles: [] }]
  ])
  assert.equal(lost, 1, 'quantiles do not add up')
  const [timer, users, histogram, summary] = Array.from({ length: 4 }, (_, i) => block.distributions.get(i)!)
  assert.ok(timer.kind === 'exponential_histogram')
  assert.deepEqual([timer.count, timer.sum, timer.min, timer.max, timer.scale], [3, 50, 10, 20, 5])
  assert.deepEqual(users, { kind: 'set', members: ['ann', 'bob', 'cid'] })
  const totals = { count: 3, sum: Number.NaN, min: 1, max: 3 }
  assert.deepEqual(histogram, { kind: 'histogram', ...totals, bounds: [1], counts: [1, 2] })
  assert.deepEqual(summary, { kind: 'summary', count: 2, sum: 2, quantiles: [] })
})

test('a block in which no two points meet is left as it is', () => {
  const { given, block } = merge([
    ['hits', 1, 1],
    ['level', 1, 1],
    ['hits', 2, 1],
    ['level', 2, 1]
  ])
  assert.equal(block, given)
})
