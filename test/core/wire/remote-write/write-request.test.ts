import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import type { Metadata } from '../../../../core/wire/prometheus/metadata.ts'
import { rowsBySeries, Samples } from '../../../../core/wire/prometheus/samples.ts'
import { LabelSets } from '../../../../core/wire/remote-write/label-sets.ts'
import { encodeWriteRequests } from '../../../../core/wire/remote-write/write-request.ts'
import { readWriteRequest } from './read-write-request.ts'

const labelSets = new LabelSets(new SeriesTable(), 'UnderscoreEscapingWithSuffixes', () => {})
const UP = labelSets.idOf([
  ['__name__', 'up'],
  ['job', 'é€😀']
])
const DOWN = labelSets.idOf([['__name__', 'down']])
const TIME = 1_700_000_000_123

function encoded(
  rows: [labels: number, time: number, value: number, stale?: boolean][],
  max = 100,
  metadata: Metadata[] = []
) {
  const samples = new Samples()
  for (const row of rows) samples.add(...row)
  const requests = encodeWriteRequests(samples, labelSets, rowsBySeries(samples), metadata, max)
  return Array.from(requests, encoding => {
    const { body, samples } = runThrough(encoding)
    return { count: samples, ...readWriteRequest(body) }
  })
}

test('samples of a series are one TimeSeries, in time order', () => {
  const [{ series, count }] = encoded([
    [UP, TIME + 1, 2],
    [DOWN, 0, -0.5],
    [UP, TIME, 1],
    [DOWN, -1, 1e300]
  ])
  assert.equal(count, 4)
  assert.deepEqual(
    series.map(({ labels, samples }) => [labels, samples.map(({ value, timestamp }) => [value, timestamp])]),
    [
      [
        [
          ['__name__', 'up'],
          ['job', 'é€😀']
        ],
        [
          [1, BigInt(TIME)],
          [2, BigInt(TIME + 1)]
        ]
      ],
      [
        [['__name__', 'down']],
        [
          [1e300, -1n],
          [-0.5, 0n]
        ]
      ]
    ]
  )
})

test('timestamps and labels of every size come back, whatever stood before them', () => {
  const sizes = [
    0,
    127,
    128,
    2 ** 14,
    2 ** 21,
    2 ** 28,
    2 ** 35,
    2 ** 42,
    2 ** 49,
    Number.MAX_SAFE_INTEGER,
    -1,
    -(2 ** 40)
  ]
  const sample = fc.tuple(fc.nat(9), fc.oneof(fc.constantFrom(...sizes), fc.maxSafeInteger()), fc.double())
  const names = Array.from({ length: 10 }, (_, i) => 'n'.repeat(1 + 13 * i))
  const ids = names.map(name => labelSets.idOf([['__name__', name]]))
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (drawn, max) => {
      const wanted = new Map(drawn.map(([series, time, value]) => [`${names[series]} ${time}`, value]))
      const got = new Map<string, number>()
      for (const { series } of encoded(
        drawn.map(([series, time, value]) => [ids[series], time, value]),
        max
      ))
        for (const { labels, samples } of series)
          for (const { timestamp, value } of samples) got.set(`${labels[0][1]} ${timestamp}`, value)
      assert.deepEqual(got, wanted)
    })
  )
})

test('a stale marker and an ordinary NaN keep their own bits', () => {
  const [{ series }] = encoded([
    [UP, 1, 0, true],
    [UP, 2, Number.NaN],
    [UP, 3, Number.POSITIVE_INFINITY]
  ])
  assert.deepEqual(
    series[0].samples.map(({ bits }) => bits),
    ['7ff0000000000002', '7ff8000000000001', '7ff0000000000000']
  )
})

test('more samples than a request takes are several requests', () => {
  const requests = encoded(
    [
      [UP, 1, 1],
      [UP, 2, 2],
      [UP, 3, 3],
      [DOWN, 1, 1],
      [DOWN, 2, 2]
    ],
    2
  )
  assert.deepEqual(
    requests.map(({ series }) =>
      series.map(({ labels, samples }) => [labels[0][1], samples.map(({ value }) => value)])
    ),
    [
      [['up', [1, 2]]],
      [
        ['up', [3]],
        ['down', [1]]
      ],
      [['down', [2]]]
    ]
  )
  assert.deepEqual(encoded([]), [])
})

test('metadata goes with the first request', () => {
  const metadata: Metadata[] = [{ family: 'up_total', type: 'counter', help: 'Whether', unit: 'seconds' }]
  const [first, second] = encoded(
    [
      [UP, 1, 1],
      [UP, 2, 2]
    ],
    1,
    metadata
  )
  assert.deepEqual(first.metadata, [{ 1: 1, 2: 'up_total', 4: 'Whether', 5: 'seconds' }])
  assert.deepEqual(second.metadata, [])
})

test('a request is written in steps, and other requests in between change nothing', () => {
  const samples = new Samples()
  const ids = Array.from({ length: 1000 }, (_, i) => labelSets.idOf([['__name__', `many_${i}`]]))
  for (const id of ids) for (const time of [TIME, TIME + 1, TIME + 2]) samples.add(id, time, id)
  const begin = () => [...encodeWriteRequests(samples, labelSets, rowsBySeries(samples), [], 3000)][0]
  const want = runThrough(begin()).body.slice()
  const encoding = begin()
  let steps = 0
  for (let step = encoding.next(); ; step = encoding.next()) {
    if (step.done === true) {
      assert.deepEqual(step.value.body, want)
      break
    }
    steps++
    encoded([[UP, TIME + steps, steps]])
  }
  assert.ok(steps >= 10, `${steps} steps`)
})
