import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import plugin from '../../../exporters/statsd/index.ts'
import { LineWriter } from '../../../exporters/statsd/lines.ts'
import { Packets } from '../../../exporters/statsd/packets.ts'
import { rateFor } from '../../../exporters/statsd/rate.ts'
import {
  type Attribute,
  type Distribution,
  FLAG_NO_RECORDED_VALUE,
  type MetricKind,
  NO_RESOURCE,
  observation,
  PointBlockBuilder,
  sortAttributes,
  type Temporality
} from '../../../sdk/plugin/index.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'

const NOW = 1_700_000_000_500

interface Point {
  name?: string
  kind?: MetricKind
  temporality?: Temporality
  unit?: string
  attributes?: Attribute[]
  resource?: Attribute[]
  value?: number | Distribution
  flags?: number
}

/** The lines of a point, or the reason why there are none. */
function linesOf(point: Point, config = {}): string | string[] {
  const { name = 'm', kind = 'counter', temporality = 'delta', unit = '', value = 1, flags = 0 } = point
  const { attributes = [], resource = [] } = point
  const metric = { name, kind, temporality, unit, description: '' }
  const table = new SeriesTable()
  const from = { ...NO_RESOURCE, attributes: sortAttributes(resource) }
  const series = table.intern(metric, sortAttributes(attributes), from)
  const points = new PointBlockBuilder()
  if (typeof value === 'number') points.add(series, NOW, value, 0, flags)
  else points.addDistribution(series, NOW, value, 0, flags)
  return new LineWriter(testConfig(plugin, config)).write(points.build(), 0)
}

const GAUGE = { kind: 'gauge', temporality: 'unspecified' } as const
const UP_DOWN = { kind: 'up_down_counter', temporality: 'delta' } as const
const HISTOGRAM = { kind: 'histogram' } as const
const BUCKETS: Distribution = {
  kind: 'histogram',
  count: 6,
  sum: 60,
  min: 4,
  max: 40,
  bounds: [10, 20],
  counts: [1, 3, 2]
}
const EXPONENTIAL: Distribution = {
  kind: 'exponential_histogram',
  count: 4,
  sum: 0,
  min: -2,
  max: 2,
  scale: 0,
  zeroCount: 1,
  zeroThreshold: 0,
  positive: { offset: 0, counts: [1, 1] },
  negative: { offset: 0, counts: [1] }
}

test('points become lines, or are dropped with a reason', () => {
  const unknown = Number.NaN
  const cases: [Point, string | string[], object?][] = [
    [{ value: 2.5 }, ['m:2.5|c']],
    [{ value: 1e21 }, ['m:1e+21|c']],
    [{ temporality: 'cumulative' }, 'cumulative'],
    [{ value: Number.POSITIVE_INFINITY }, 'not_a_number'],
    [{ name: '' }, 'missing_name'],
    [{ ...GAUGE, value: 5 }, ['m:5|g']],
    [{ ...GAUGE, value: -5, attributes: [['a', 'b']] }, ['m:0|g|#a:b\nm:-5|g|#a:b']],
    [{ ...GAUGE, value: unknown, flags: FLAG_NO_RECORDED_VALUE }, 'no_recorded_value'],
    [{ ...UP_DOWN, value: -2 }, ['m:-2|c']],
    [{ ...UP_DOWN, temporality: 'cumulative', value: 7 }, ['m:7|g']],
    [{ ...HISTOGRAM, value: observation(3, 1) }, ['m:3|d']],
    [{ ...HISTOGRAM, unit: 'ms', value: observation(3, 4) }, ['m:3|ms|@0.25']],
    [{ ...HISTOGRAM, value: observation(3, 4) }, ['m:3|h|@0.25'], { histogram_type: 'h' }],
    [{ ...HISTOGRAM, value: BUCKETS }, ['m:7|d', 'm:15|d|@0.3333333333333333', 'm:30|d|@0.5']],
    [
      { ...HISTOGRAM, value: { ...BUCKETS, min: unknown, max: unknown } },
      ['m:5|d', 'm:15|d|@0.3333333333333333', 'm:20|d|@0.5']
    ],
    [{ ...HISTOGRAM, value: { ...BUCKETS, bounds: [], counts: [] } }, ['m:10|d|@0.16666666666666666']],
    [{ ...HISTOGRAM, value: { ...BUCKETS, bounds: [], counts: [], sum: unknown } }, 'unknown_sum'],
    [{ ...HISTOGRAM, temporality: 'cumulative', value: BUCKETS }, 'cumulative'],
    [{ ...HISTOGRAM, value: { ...BUCKETS, count: 0, counts: [0, 0, 0] } }, []],
    [
      { kind: 'exponential_histogram', value: EXPONENTIAL },
      ['m:0|d', 'm:1.4142135623730951|d', 'm:2|d', 'm:-1.4142135623730951|d']
    ],
    [{ kind: 'summary', temporality: 'delta', value: { kind: 'summary', count: 1, sum: 1, quantiles: [] } }, 'summary'],
    [{ kind: 'set', value: { kind: 'set', members: ['ann', 'a:b'] } }, ['m:ann|s', 'm:a:b|s']],
    [{ kind: 'set', value: { kind: 'set', members: ['a|b'] } }, 'reserved_member'],
    [{ kind: 'set', value: { kind: 'distinct', count: 3, state: Float64Array.of(1, 2, 3) } }, 'sketch'],
    [{}, ['m:1|c|T1700000000.5'], { timestamps: true }],
    [{ name: 'a:b|c@d#e\nf' }, ['a_b_c_d_e_f:1|c']],
    [{ name: '_e{1,1}' }, ['_e_1,1}:1|c']],
    [
      {
        attributes: [
          ['a:b', 'c:d'],
          ['#k', 'x,y|z'],
          ['', 1]
        ]
      },
      ['m:1|c|#_:1,_k:x_y_z,a_b:c:d']
    ],
    [
      {
        attributes: [['a', 'point']],
        resource: [
          ['a', 'resource'],
          ['b', true]
        ]
      },
      ['m:1|c|#a:point,b:true']
    ]
  ]
  for (const [point, want, config] of cases) assert.deepEqual(linesOf(point, config), want, JSON.stringify(point))
})

test('a rate stands for a number of observations exactly, and has no exponent', () => {
  // The next smaller count with a rate is farther away the larger counts are: some tens up to 2^30.
  const counts = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 2 ** 30 }))
  fc.assert(
    fc.property(counts, count => {
      let nearest = count
      while (rateFor(nearest) === undefined) nearest--
      assert.ok(count - nearest < 256, `${count} is far from ${nearest}`)
      const rate = rateFor(nearest)!
      assert.match(rate, /^[01](\.\d+)?$/)
      assert.equal(1 / Number(rate), nearest)
    })
  )
  assert.equal(rateFor(0.5), '1')
})

test('packets are as full as they may be, and no larger', () => {
  const packets = new Packets(10)
  assert.equal(packets.add(['a:1|c', 'b:1|c']), true)
  assert.equal(packets.add(['c|g']), true)
  assert.equal(packets.add(['d:1|c', 'x'.repeat(11)]), false)
  assert.equal(packets.add(['é'.repeat(5)]), true)
  packets.finish()
  packets.finish()
  assert.deepEqual(packets.list.map(String), ['a:1|c', 'b:1|c\nc|g', 'é'.repeat(5)].map(String))
})

test('options that go with no transport are refused', () => {
  assert.throws(() => testConfig(plugin, { framing: 'length_prefix' }), /length_prefix is for tcp/)
  assert.throws(() => testConfig(plugin, { max_packet_size: '1MiB' }), /65507B/)
  assert.throws(() => testConfig(plugin, { endpoint: '127.0.0.1:8125' }), /must match/)
})
