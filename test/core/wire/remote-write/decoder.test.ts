import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BadInputError } from '../../../../core/errors.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlock } from '../../../../core/model/points.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { lengthTag } from '../../../../core/wire/protobuf/reader.ts'
import { RemoteWriteDecoder } from '../../../../core/wire/remote-write/decoder.ts'
import { integer, message, text } from '../protobuf/fields.ts'
import { encodeRequest2, type SentSeries, writeRequest1, writeRequest2 } from './proto.ts'

const T = 1_700_000_000_000
const UP = { __name__: 'up', instance: 'h:9', job: 'node', zone: 'a' }

function decode1(series: readonly SentSeries[], table = new SeriesTable()) {
  return new RemoteWriteDecoder(table).decode(writeRequest1(series), '1.0')
}

function decode2(series: readonly SentSeries[], table = new SeriesTable()) {
  return new RemoteWriteDecoder(table).decode(writeRequest2(series), '2.0')
}

function rows({ length, series, time, start, value, flags }: PointBlock) {
  return Array.from({ length }, (_, i) => {
    const { metric, attributes, resource } = series.at(i)
    const target = Object.fromEntries(resource.attributes)
    return [metric.name, metric.kind, Object.fromEntries(attributes), target, time[i], start[i], value[i], flags[i]]
  })
}

for (const [version, decode] of [
  ['1.0', decode1],
  ['2.0', decode2]
] as const)
  describe(`remote write ${version}`, () => {
    it('makes job and instance the resource, and every other label an attribute', () => {
      const { block, samples } = decode([{ labels: UP, samples: [{ value: 1, timestamp: T }] }])
      const target = { 'service.instance.id': 'h:9', 'service.name': 'node' }
      assert.deepEqual(rows(block), [['up', 'gauge', { zone: 'a' }, target, T, 0, 1, 0]])
      assert.equal(samples, 1)
    })

    it('keeps samples out of order and duplicates', () => {
      const times = [T + 2, T, T, T + 1]
      const { block } = decode([{ labels: UP, samples: times.map(timestamp => ({ value: 1, timestamp })) }])
      assert.deepEqual([...block.time], times)
    })

    it('tells a stale marker from other values that are not numbers', () => {
      // The encoder of this test may change bits of a NaN, so they are put in by hand.
      const body = (version === '1.0' ? writeRequest1 : writeRequest2)([
        { labels: UP, samples: [{ value: 7, timestamp: T }] }
      ])
      const at = body.indexOf(Buffer.from(new Float64Array([7]).buffer))
      for (const [low, high, flag] of [
        [2, 0x7ff00000, FLAG_NO_RECORDED_VALUE],
        [1, 0x7ff80000, 0]
      ]) {
        body.writeUInt32LE(low, at)
        body.writeUInt32LE(high, at + 4)
        const { block } = new RemoteWriteDecoder(new SeriesTable()).decode(body, version)
        assert.deepEqual([block.flags[0], Number.isNaN(block.value[0])], [flag, true])
      }
    })

    it('reads times before 1970', () => {
      const { block } = decode([{ labels: UP, samples: [{ value: 1, timestamp: -5 }] }])
      assert.equal(block.time[0], -5)
    })

    it('gives the labels of a series in another order the same series', () => {
      const table = new SeriesTable()
      const samples = [{ value: 1, timestamp: T }]
      const [first] = decode([{ labels: UP, samples }], table).block.series.ids
      const [second] = decode([{ labels: Object.entries(UP).reverse(), samples }], table).block.series.ids
      assert.equal(second, first)
      assert.equal(table.size, 1)
    })

    it('leaves empty labels out', () => {
      const { block } = decode([{ labels: { ...UP, zone: '' }, samples: [{ value: 1, timestamp: T }] }])
      assert.deepEqual(block.series.at(0).attributes, [])
    })

    for (const [reason, labels] of [
      ['unnamed_metric', { zone: 'a' }],
      ['unnamed_metric', { __name__: '', zone: 'a' }],
      ['empty_label_name', { __name__: 'm', '': 'a' }],
      [
        'duplicate_label',
        [
          ['__name__', 'm'],
          ['a', '1'],
          ['a', '2']
        ]
      ],
      [
        'duplicate_label',
        [
          ['__name__', 'm'],
          ['a', '1'],
          ['a', '1']
        ]
      ],
      ['value_too_long', { __name__: 'm', a: 'x'.repeat(9000) }],
      ['identity_too_long', { __name__: 'm', a: 'x'.repeat(300_000) }],
      ['too_many_attributes', [['__name__', 'm'], ...Array.from({ length: 129 }, (_, i) => [`l${i}`, 'x'])]]
    ] as [string, SentSeries['labels']][])
      it(`refuses ${reason} and keeps all other series (${JSON.stringify(labels).slice(0, 40)})`, () => {
        const good = { labels: UP, samples: [{ value: 1, timestamp: T }] }
        const bad = {
          labels,
          samples: [
            { value: 1, timestamp: T },
            { value: 2, timestamp: T }
          ]
        }
        const { block, samples, rejections } = decode([good, bad, good])
        assert.deepEqual([...rejections.items], [[reason, 2]])
        assert.equal(block.length, 2)
        assert.equal(samples, 2)
        assert.deepEqual([...new Set(block.series)].length, 1)
      })

    it('throws for a body that is cut off, and for nothing else, at every byte', () => {
      const series = [
        { labels: UP, samples: [{ value: 1, timestamp: T }], histograms: [EXPONENTIAL] },
        { labels: { ...UP, zone: 'b' }, samples: [{ value: 1, timestamp: T }] }
      ]
      const body = version === '1.0' ? writeRequest1(series) : writeRequest2(series)
      const decoder = new RemoteWriteDecoder(new SeriesTable())
      let thrown = 0
      for (let end = 0; end < body.length; end++)
        try {
          decoder.decode(body.subarray(0, end), version)
        } catch (error) {
          assert.ok(BadInputError.is(error), String(error))
          thrown++
        }
      // A cut between two fields of the request leaves a valid one.
      assert.ok(thrown > body.length - 20)
    })

    it('makes an event of each exemplar, with its labels and those of its series', () => {
      const long = 'x'.repeat(9000)
      const samples = [{ value: 1, timestamp: T }]
      const { exemplars, block } = decode([
        {
          labels: UP,
          samples,
          exemplars: [
            { labels: { zone: 'b', trace_id: 't1' }, value: 0.25, timestamp: T - 1 },
            { value: Number.POSITIVE_INFINITY, timestamp: T },
            { labels: { trace_id: long }, value: 1, timestamp: T }
          ]
        },
        { labels: { zone: 'nameless' }, samples, exemplars: [{ value: 1, timestamp: T }] },
        { labels: { __name__: 'alone' }, exemplars: [{ labels: { trace_id: 't2' }, value: 7, timestamp: T }] }
      ])
      const { events, count } = exemplars
      const series = { 'series.__name__': 'up', 'series.instance': 'h:9', 'series.job': 'node', 'series.zone': 'a' }
      assert.deepEqual([count, block.length, events.name], [5, 1, ['exemplar', 'exemplar', 'exemplar']])
      assert.deepEqual(
        events.attributes.map(attributes => Object.fromEntries(attributes)),
        [{ ...series, trace_id: 't1', zone: 'b' }, series, { 'series.__name__': 'alone', trace_id: 't2' }]
      )
      assert.deepEqual(
        [[...events.value], [...events.time]],
        [
          [0.25, Number.POSITIVE_INFINITY, 7],
          [T - 1, T, T]
        ]
      )
    })
  })

const EXPONENTIAL = {
  countInt: 12,
  sum: 30,
  schema: 1,
  zeroThreshold: 0.001,
  zeroCountInt: 2,
  positiveSpans: [
    { offset: 3, length: 2 },
    { offset: 2, length: 1 }
  ],
  positiveDeltas: [1, 2, 1],
  negativeSpans: [{ offset: -2, length: 1 }],
  negativeDeltas: [2],
  timestamp: T,
  startTimestamp: T - 60_000
}

describe('native histograms', () => {
  const distributions = (histograms: readonly object[]) => {
    const { block, rejections, histograms: written } = decode2([{ labels: UP, histograms }])
    const kinds = [...block.series].map(({ metric }) => `${metric.kind} ${metric.temporality}`)
    return { points: [...block.distributions.values()], kinds, rejected: [...rejections.items], written, block }
  }

  it('become exponential histograms whose buckets have the same bounds', () => {
    const { points, kinds, block } = distributions([EXPONENTIAL])
    assert.deepEqual(points, [
      {
        kind: 'exponential_histogram',
        count: 12,
        sum: 30,
        min: Number.NaN,
        max: Number.NaN,
        scale: 1,
        zeroCount: 2,
        zeroThreshold: 0.001,
        // Prometheus' bucket 3 ends at base^3, where OpenTelemetry's bucket 3 begins.
        positive: { offset: 2, counts: [1, 3, 0, 0, 4] },
        negative: { offset: -3, counts: [2] }
      }
    ])
    assert.deepEqual(kinds, ['exponential_histogram cumulative'])
    assert.deepEqual([block.time[0], block.start[0]], [T, T - 60_000])
  })

  it('with counts that are no integers keep them', () => {
    const spans = { positiveSpans: [{ offset: 0, length: 2 }], positiveCounts: [0.5, 1.25] }
    const { points } = distributions([
      { countFloat: 2, sum: 1, schema: 0, zeroCountFloat: 0.25, timestamp: T, ...spans }
    ])
    const [point] = points
    assert.ok(point.kind === 'exponential_histogram')
    assert.deepEqual([point.count, point.zeroCount, point.positive], [2, 0.25, { offset: -1, counts: [0.5, 1.25] }])
  })

  it('with custom buckets become histograms', () => {
    const custom = { schema: -53, customValues: [0.1, 1, 10], positiveSpans: [{ offset: 1, length: 3 }] }
    const { points, kinds } = distributions([
      { countInt: 6, sum: 9, timestamp: T, positiveDeltas: [1, 1, 1], ...custom }
    ])
    const [point] = points
    assert.ok(point.kind === 'histogram')
    assert.deepEqual(
      [point.bounds, point.counts],
      [
        [0.1, 1, 10],
        [0, 1, 2, 3]
      ]
    )
    assert.deepEqual(kinds, ['histogram cumulative'])
  })

  it('of both kinds and samples of one label set are three series', () => {
    const custom = { schema: -53, customValues: [1], countInt: 0, timestamp: T }
    const samples = [{ value: 1, timestamp: T }]
    const { block, samples: number, histograms } = decode2([{ labels: UP, samples, histograms: [EXPONENTIAL, custom] }])
    assert.deepEqual(
      [...block.series].map(({ metric }) => metric.kind),
      ['gauge', 'exponential_histogram', 'histogram']
    )
    assert.deepEqual([number, histograms], [1, 2])
  })

  for (const [reason, histogram] of [
    ['gauge_histogram', { resetHint: 3 }],
    ['unknown_schema', { schema: 9 }],
    ['unknown_schema', { schema: -5 }],
    ['bucket_mismatch', { positiveSpans: [{ offset: 0, length: 2 }] }],
    ['bucket_mismatch', { positiveDeltas: [1, 2, 3, 4] }],
    ['bucket_mismatch', { positiveDeltas: [1, -2, 3] }],
    ['bucket_mismatch', { countInt: 11 }],
    ['bucket_mismatch', { countInt: 13 }],
    [
      'bucket_mismatch',
      {
        positiveSpans: [
          { offset: 3, length: 2 },
          { offset: -1, length: 1 }
        ]
      }
    ],
    [
      'too_many_buckets',
      {
        positiveSpans: [
          { offset: 3, length: 2 },
          { offset: 1_000_000_000, length: 1 }
        ]
      }
    ],
    ['too_many_buckets', { positiveSpans: [{ offset: 3, length: 4_000_000_000 }] }],
    ['unordered_bounds', { schema: -53, customValues: [1, 1] }],
    ['bucket_mismatch', { schema: -53, customValues: [1, 2] }]
  ] as [string, object][])
    it(`refuses ${reason}: ${JSON.stringify(histogram)}`, () => {
      const { rejected, written, points } = distributions([{ ...EXPONENTIAL, ...histogram }, EXPONENTIAL])
      assert.deepEqual([rejected, written, points.length], [[[reason, 1]], 1, 1])
    })
})

describe('kinds of series of numbers', () => {
  const kindOf = (name: string, type?: number) => {
    const samples = [{ value: 1, timestamp: T }]
    const metadata = type === undefined ? undefined : { type }
    const { block } = decode2([{ labels: { __name__: name }, samples, metadata }])
    const { kind, temporality } = block.series.at(0).metric
    return `${kind} ${temporality}`
  }
  const COUNTER = 'counter cumulative'
  const GAUGE = 'gauge unspecified'
  for (const [name, type, want] of [
    ['a', undefined, GAUGE],
    ['a_total', undefined, COUNTER],
    ['a_bucket', undefined, COUNTER],
    ['a_count', undefined, COUNTER],
    ['job:a_count', undefined, GAUGE],
    ['a', 1, COUNTER],
    ['a_created', 1, GAUGE],
    ['a_total', 2, GAUGE],
    ['a_bucket', 3, COUNTER],
    ['a_sum', 3, COUNTER],
    ['a_bucket', 4, GAUGE],
    ['a', 5, GAUGE],
    ['a_count', 5, COUNTER],
    ['a_info', 6, GAUGE],
    ['a_total', 99, COUNTER]
  ] as const)
    it(`${name} of type ${type ?? 'unspecified'} is ${want}`, () => assert.equal(kindOf(name, type), want))
})

it('start times are read from samples, and from series where older senders have them', () => {
  const { block } = decode2([
    {
      labels: { __name__: 'a_total' },
      samples: [
        { value: 1, timestamp: T, startTimestamp: T - 1000 },
        { value: 2, timestamp: T + 1 }
      ],
      createdTimestamp: T - 5000
    }
  ])
  assert.deepEqual([...block.start], [T - 1000, T - 5000])
})

it('a series is the same by 1.0 and 2.0, also after many requests', () => {
  const table = new SeriesTable()
  const series = Array.from({ length: 5000 }, (_, i) => ({
    labels: { __name__: 'a_total', number: String(i), text: 'x'.repeat(100) },
    samples: [{ value: i, timestamp: T }]
  }))
  const ids = [decode1, decode2, decode2, decode1].map(decode => [...decode(series, table).block.series.ids])
  assert.equal(table.size, 5000)
  for (const own of ids) assert.deepEqual(own, ids[0])
})

it('labels that stand apart in a series are one label set', () => {
  const label = (name: string, value: string) => message(1, text(1, name), text(2, value))
  const sample = message(2, Buffer.from([0x10, 1]))
  const body = Buffer.concat([
    message(1, label('__name__', 'a'), sample, label('b', '1')),
    message(1, label('__name__', 'c'), sample)
  ])
  const { block } = new RemoteWriteDecoder(new SeriesTable()).decode(body, '1.0')
  assert.deepEqual(
    [...block.series].map(({ metric, attributes }) => [metric.name, Object.fromEntries(attributes)]),
    [
      ['a', { b: '1' }],
      ['c', {}]
    ]
  )
})

for (const [name, body, version] of [
  ['a 2.0 body sent as 1.0', writeRequest2([{ labels: UP, samples: [{ value: 1 }] }]), '1.0'],
  ['a 1.0 body sent as 2.0', writeRequest1([{ labels: UP, samples: [{ value: 1 }] }]), '2.0'],
  ['a symbol that does not exist', encodeRequest2({ symbols: [''], timeseries: [{ labelsRefs: [1, 0] }] }), '2.0'],
  ['refs that are not pairs', encodeRequest2({ symbols: ['', 'a'], timeseries: [{ labelsRefs: [1] }] }), '2.0'],
  ['a first symbol that is not empty', encodeRequest2({ symbols: ['a'], timeseries: [] }), '2.0']
] as const)
  it(`${name} is refused`, () => {
    const decoder = new RemoteWriteDecoder(new SeriesTable())
    assert.throws(() => decoder.decode(body, version), { name: 'BadInputError', reason: 'malformed' })
  })

it('few bytes of refs cannot stand for more labels than there is memory', () => {
  const timeseries = Array.from({ length: 1000 }, () => ({ labelsRefs: [1, 2], samples: [{ value: 1 }] }))
  const body = encodeRequest2({ symbols: ['', '__name__', 'x'.repeat(8000)], timeseries })
  const decoder = new RemoteWriteDecoder(new SeriesTable(), { maxBytes: 1_000_000 })
  assert.throws(() => decoder.decode(body, '2.0'), { name: 'BadInputError', reason: 'too_large' })
})

it('exemplars that there is no memory for are left out, and the points are not', () => {
  const exemplars = Array.from({ length: 100 }, (_, i) => ({
    labels: { 'series.__name__': `${i}` },
    value: 1,
    timestamp: T
  }))
  const body = writeRequest1([{ labels: UP, samples: [{ value: 1, timestamp: T }], exemplars }])
  const decoder = new RemoteWriteDecoder(new SeriesTable(), { maxBytes: 10_000 })
  const { block, exemplars: read } = decoder.decode(body, '1.0')
  assert.deepEqual([block.length, read.count], [1, 100])
  assert.ok(read.events.length > 0 && read.events.length < 100, `${read.events.length}`)
  assert.equal(new Map(read.events.attributes[0]).get('series.__name__'), 'up')
})

it('few bytes of refs of an exemplar cannot stand for more labels than there is memory', () => {
  const labelsRefs = new Array(20_000).fill(2)
  const exemplars = [
    { labelsRefs, value: 1 },
    { labelsRefs: [], value: 2 }
  ]
  const body = encodeRequest2({
    symbols: ['', '__name__', 'x'.repeat(1_000_000)],
    timeseries: [{ labelsRefs: [1, 1], exemplars }]
  })
  const { exemplars: read } = new RemoteWriteDecoder(new SeriesTable()).decode(body, '2.0')
  assert.deepEqual([read.count, [...read.events.value]], [2, [2]])
})

it('refs that are not packed are read', () => {
  const labels = [integer(1, 1), integer(1, 2)]
  const body = Buffer.concat([text(4, ''), text(4, '__name__'), text(4, 'a'), message(5, ...labels, message(2))])
  const { block } = new RemoteWriteDecoder(new SeriesTable()).decode(body, '2.0')
  assert.equal(block.series.at(0).metric.name, 'a')
})

it('a request of metadata alone has no points', () => {
  const body = writeRequest1([], [{ type: 1, metricFamilyName: 'a', help: 'b' }])
  assert.equal(new RemoteWriteDecoder(new SeriesTable()).decode(body, '1.0').block.length, 0)
  assert.equal(body[0], lengthTag(3))
})
