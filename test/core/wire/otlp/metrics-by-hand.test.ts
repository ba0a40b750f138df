import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { decodeMetricsJson } from '../../../../core/wire/otlp/json-decoder.ts'
import { OtlpMetricsDecoder } from '../../../../core/wire/otlp/metrics-decoder.ts'
import { unixMs } from '../../../../core/wire/otlp/time.ts'
import { attribute, double, fixed64, integer, message, text } from '../protobuf/fields.ts'

const RECEIVED_AT = 1_770_000_000_000
const NANO = 1_760_000_000_123_456_789n
const GAUGE = 5
const SUM = 7
const HISTOGRAM = 9
const SUMMARY = 11
const DELTA = integer(2, 1)
const ONE = fixed64(6, 1n)

const registry = new SeriesTable()
const decoder = new OtlpMetricsDecoder(registry)
const decode = (...fields: Buffer[]) => decoder.decode(Buffer.concat(fields), RECEIVED_AT)
const decodeJson = (request: unknown) => decodeMetricsJson(Buffer.from(JSON.stringify(request)), registry, RECEIVED_AT)

const inScope = (...metrics: Buffer[]) => message(1, message(2, ...metrics))
const metric = (name: string, field: number, ...data: Buffer[]) => message(2, text(1, name), message(field, ...data))
const point = (...fields: Buffer[]) => message(1, ...fields)
const seriesOf = (...fields: Buffer[]) => [...decode(...fields).block.series]

const jsonMetrics = (...metrics: object[]) => decodeJson({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })

test('the order of attributes, and the fields between them, makes no difference', () => {
  const [a, b] = [attribute(7, 'a', '1'), attribute(7, 'b', '2')]
  const one = [
    [a, b, ONE],
    [b, a, ONE],
    [a, ONE, b],
    [b, ONE, integer(8, 0), a],
    [a, text(99, 'new'), b, ONE]
  ]
  const series = seriesOf(inScope(metric('m', GAUGE, ...one.map(fields => point(...fields)))))
  assert.deepEqual(new Set(series).size, 1)
  assert.deepEqual(series[0].attributes, [
    ['a', '1'],
    ['b', '2']
  ])
})

test('a field of 64 bits may have a longer tag, come twice, or not be known', () => {
  const time = fixed64(3, NANO)
  const longTag = Buffer.concat([Buffer.from([time[0] | 0x80, 0]), time.subarray(1)])
  const bodies = [
    [fixed64(3, 1n), longTag, fixed64(6, -5n)],
    [fixed64(6, 7n), time, fixed64(99, 1n), fixed64(6, -5n)],
    [time, fixed64(6, -5n), fixed64(15, 1n)]
  ]
  for (const fields of bodies) {
    const { time, value } = decode(inScope(metric('m', GAUGE, point(attribute(7, 'a', '1'), ...fields)))).block
    assert.deepEqual([...time, ...value], [unixMs(Number(NANO & 0xffffffffn), Number(NANO >> 32n)), -5])
  }
})

test('attributes apart from each other are kept apart from their neighbours', () => {
  const body = inScope(
    metric(
      'm',
      GAUGE,
      point(attribute(7, 'a', '1'), ONE, attribute(7, 'b', '2')),
      point(attribute(7, 'a', '1'), ONE, attribute(7, 'b', '3')),
      point(attribute(7, 'a', '1'), ONE),
      point(ONE)
    )
  )
  for (let round = 0; round < 2; round++)
    assert.deepEqual(
      seriesOf(body).map(({ attributes }) => attributes.map(([, value]) => value).join()),
      ['1,2', '1,3', '1', '']
    )
})

test('headers may come in any order, before or after their contents', () => {
  const points = [point(ONE), point(fixed64(6, 2n))]
  const resource = message(1, attribute(1, 'service.name', 'shop'))
  const scope = message(1, text(1, 'lib'), text(2, '1'))
  const bodies = [
    message(
      1,
      resource,
      message(2, scope, message(2, text(1, 'n'), text(3, 's'), message(SUM, DELTA, integer(3, 1), ...points)))
    ),
    message(
      1,
      message(2, message(2, message(SUM, ...points, DELTA, integer(3, 1)), text(3, 's'), text(1, 'n')), scope),
      resource
    ),
    message(
      1,
      resource,
      message(
        2,
        scope,
        message(2, text(1, 'n'), message(SUM, points[0], integer(3, 1), points[1], DELTA), text(3, 's'))
      )
    )
  ]
  const all = bodies.flatMap(body => seriesOf(body))
  assert.equal(new Set(all).size, 1)
  assert.deepEqual(
    [all[0].metric.kind, all[0].metric.unit, all[0].resource.attributes[0][1], all[0].scope.name, all.length],
    ['counter', 's', 'shop', 'lib', 6]
  )
})

test('differences that make another series', () => {
  const made = (resource: Buffer, scope: Buffer, ...header: Buffer[]) =>
    seriesOf(
      message(
        1,
        message(1, resource),
        message(2, message(1, scope), message(2, ...header, message(SUM, point(ONE), DELTA)))
      )
    )[0]
  const [resource, scope] = [attribute(1, 'r', '1'), text(1, 'scope')]
  const all = [
    made(resource, scope, text(1, 'n')),
    made(attribute(1, 'r', '2'), scope, text(1, 'n')),
    made(resource, text(1, 'other'), text(1, 'n')),
    made(resource, text(2, 'scope'), text(1, 'n')),
    made(resource, scope, text(1, 'n2')),
    made(resource, scope, text(1, 'n'), text(3, 'By')),
    seriesOf(message(1, message(1, resource), message(2, message(1, scope), metric('n', GAUGE, point(ONE)))))[0]
  ]
  assert.equal(new Set(all).size, all.length)
  assert.equal(made(resource, scope, text(1, 'n'), text(2, 'said differently')), all[0])
})

test('values, times and flags', () => {
  const { block } = decode(
    inScope(
      metric(
        'm',
        GAUGE,
        point(fixed64(6, BigInt.asUintN(64, -5n)), fixed64(3, NANO), fixed64(2, NANO - 1_000_000n)),
        point(double(4, 0.1), fixed64(3, 1_760_000_000_007_000_000n)),
        point(integer(8, 1), attribute(7, 'gone', 'x')),
        point(fixed64(6, 0n), integer(8, 2), message(5, double(3, 1)))
      )
    )
  )
  assert.deepEqual([...block.value], [-5, 0.1, Number.NaN, 0])
  assert.deepEqual([...block.time], [1_760_000_000_123.4568, 1_760_000_000_007, RECEIVED_AT, RECEIVED_AT])
  assert.deepEqual([...block.start], [1_760_000_000_122.4568, 0, 0, 0])
  assert.deepEqual([...block.flags], [0, 0, 1, 0])
})

test('whole milliseconds come out whole', () => {
  for (let ms = 1_760_000_000_000; ms < 1_760_000_002_000; ms++) {
    const nano = BigInt(ms) * 1_000_000n
    assert.equal(unixMs(Number(nano & 0xffffffffn), Number(nano >> 32n)), ms)
  }
})

test('every kind of attribute value', () => {
  const value = (key: string, ...fields: Buffer[]) => message(7, text(1, key), message(2, ...fields))
  const [series] = seriesOf(
    inScope(
      metric(
        'values',
        GAUGE,
        point(
          ONE,
          value('array', message(5, message(1, integer(3, 1)), message(1, text(1, 'x')), message(1))),
          value('big', Buffer.from([0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])),
          value('bool', integer(2, 1)),
          value('bytes', message(7, Buffer.of(1, 2, 255))),
          value('double', double(4, 2.5)),
          value('int', integer(3, -12)),
          value('map', message(6, attribute(1, 'z', '1'), attribute(1, '__proto__', '2'))),
          value('null'),
          message(7, text(1, 'unset'))
        )
      )
    )
  )
  const json = (key: string, value: unknown) => ({ key, value })
  const attributes = [
    json('array', { arrayValue: { values: [{ intValue: 1 }, { stringValue: 'x' }, {}] } }),
    json('big', { intValue: '9223372036854775807' }),
    json('bool', { boolValue: true }),
    json('bytes', { bytesValue: 'AQL/' }),
    json('double', { doubleValue: 2.5 }),
    json('int', { intValue: '-12' }),
    {
      key: 'map',
      value: { kvlistValue: { values: [json('z', { stringValue: '1' }), json('__proto__', { stringValue: '2' })] } }
    },
    json('null', {}),
    { key: 'unset' }
  ]
  const map = Object.fromEntries([
    ['__proto__', '2'],
    ['z', '1']
  ])
  assert.deepEqual(Object.fromEntries(series.attributes), {
    array: [1, 'x', null],
    big: 2n ** 63n - 1n,
    bool: true,
    bytes: Uint8Array.of(1, 2, 255),
    double: 2.5,
    int: -12,
    map,
    null: null,
    unset: null
  })
  const { block } = jsonMetrics({ name: 'values', gauge: { dataPoints: [{ asInt: '1', attributes }] } })
  assert.equal(block.series.at(0).key, series.key)
})

test('summaries', () => {
  const quantile = (quantile: number, value: number) => message(6, double(1, quantile), double(2, value))
  const fields = [fixed64(4, 10n), double(5, 45.5), quantile(0.5, 4), quantile(0.99, 9)]
  const { distributions } = decode(inScope(metric('s', SUMMARY, point(...fields)))).block
  const want = {
    kind: 'summary',
    count: 10,
    sum: 45.5,
    quantiles: [
      { quantile: 0.5, value: 4 },
      { quantile: 0.99, value: 9 }
    ]
  }
  assert.deepEqual(distributions.get(0), want)
  const { kind: _, quantiles: quantileValues, ...rest } = want
  const json = jsonMetrics({ name: 's', summary: { dataPoints: [{ ...rest, count: '10', quantileValues }] } })
  assert.deepEqual(json.block.distributions.get(0), want)
})

test('histogram arrays may come unpacked', () => {
  const fields = [fixed64(6, 3n), double(7, 1.5), fixed64(6, 4n)]
  const { distributions } = decode(inScope(metric('h', HISTOGRAM, DELTA, point(...fields)))).block
  assert.deepEqual(distributions.get(0), {
    kind: 'histogram',
    count: 0,
    sum: Number.NaN,
    min: Number.NaN,
    max: Number.NaN,
    bounds: [1.5],
    counts: [3, 4]
  })
})

const REJECTED = new Map([
  ['unspecified_temporality', 3],
  ['unnamed_metric', 1],
  ['no_value', 1],
  ['bucket_mismatch', 1],
  ['unordered_bounds', 1],
  ['no_data', 0]
])

test('points that cannot be taken are left out one by one; the rest counts', () => {
  const counts = (n: number) => message(6, Buffer.alloc(8 * n))
  const bounds = (...values: number[]) => message(7, ...values.map(value => double(1, value).subarray(1)))
  const { block, rejections } = decode(
    inScope(
      metric('no temporality', SUM, point(ONE), point(ONE)),
      metric('odd temporality', SUM, integer(2, 3), point(ONE)),
      metric('', GAUGE, point(ONE)),
      metric('g', GAUGE, point(ONE), point(), point(fixed64(6, 2n))),
      metric(
        'h',
        HISTOGRAM,
        DELTA,
        point(counts(2), bounds(1, 2)),
        point(counts(3), bounds(2, 1)),
        point(counts(1)),
        point()
      ),
      message(2, text(1, 'nothing'))
    )
  )
  assert.deepEqual([block.length, rejections.total, rejections.items], [4, 7, REJECTED])
  assert.equal(
    rejections.describe(),
    '3 points without aggregation temporality (send 1 for delta or 2 for cumulative), first in metric "no temporality"; ' +
      '1 point in a metric without a name; 1 point with neither an integer nor a double as value, first in metric "g"; ' +
      '1 point with bucket counts that do not fit the bounds (one count more than bounds, or none of both), first in metric "h"; ' +
      '1 point with bucket bounds that do not rise, first in metric "h"; ' +
      '0 points in a metric with no data of a kind known here, first in metric "nothing"'
  )
})

test('JSON: the same points are left out', () => {
  const dataPoints = [{ asInt: 1 }]
  const histogram = (bucketCounts: number[], explicitBounds: number[]) => ({ bucketCounts, explicitBounds })
  const histograms = [histogram([0, 0], [1, 2]), histogram([0, 0, 0], [2, 1]), histogram([0], []), {}]
  const { block, rejections } = jsonMetrics(
    { name: 'no temporality', sum: { dataPoints: [{ asInt: 1 }, { asDouble: 1 }] } },
    { name: 'odd temporality', sum: { aggregationTemporality: 3, dataPoints } },
    { gauge: { dataPoints } },
    { name: 'g', gauge: { dataPoints: [{ asDouble: 'NaN' }, {}, { asInt: '2' }] } },
    { name: 'h', histogram: { aggregationTemporality: 1, dataPoints: histograms } },
    { name: 'nothing', gauge: null }
  )
  assert.deepEqual([block.length, rejections.items], [4, REJECTED])
})

test('one text that is not UTF-8 costs nothing but its bytes, and is counted where it is first seen', () => {
  const decoder = new OtlpMetricsDecoder(new SeriesTable())
  const key = Buffer.concat([Buffer.from([0x0a, 2, 0x6b, 0xff]), message(2, text(1, 'v'))])
  const points = [message(1, message(7, key), double(4, 1)), message(1, double(4, 2))]
  const body = message(1, message(2, message(2, text(1, 'm'), message(5, ...points))))
  const first = decoder.decode(body, 1)
  assert.deepEqual([first.block.length, first.replacedTexts, first.rejections.total], [2, 1, 0])
  assert.deepEqual(first.block.series.at(0).attributes, [['k\ufffd', 'v']])
  assert.equal(decoder.decode(body, 1).replacedTexts, 0)
})

test('beyond service.limits.series new series are refused, each by itself; known ones are taken', () => {
  const table = new SeriesTable({ maxSeries: 2 })
  const full = new OtlpMetricsDecoder(table)
  const body = (...hosts: string[]) =>
    inScope(metric('m', GAUGE, ...hosts.map(host => point(attribute(7, 'host', host), ONE))))
  assert.equal(full.decode(body('1', '2'), 1).rejections.total, 0)
  const { block, rejections } = full.decode(body('3', '1', '4', '2'), 1)
  assert.deepEqual(
    [...block.series].map(({ attributes }) => attributes[0][1]),
    ['1', '2']
  )
  assert.deepEqual(rejections.items, new Map([['too_many_series', 2]]))
  assert.equal(
    rejections.describe(),
    '2 points of new series, for which service.limits.series leaves no room, first in metric "m"'
  )
  const json = JSON.stringify({
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'j', gauge: { dataPoints: [{ asInt: 1 }] } }] }] }]
  })
  assert.equal(decodeMetricsJson(Buffer.from(json), table, 1).rejections.items.get('too_many_series'), 1)
})

test('attributes in another order than that of their names are one series, found by their bytes the next time', () => {
  const table = new SeriesTable()
  const decoder = new OtlpMetricsDecoder(table)
  const [a, b] = [attribute(7, 'a', '1'), attribute(7, 'b', '2')]
  const ids = [
    [a, b],
    [b, a],
    [a, b],
    [b, a]
  ].map(attributes => decoder.decode(inScope(metric('m', GAUGE, point(...attributes, ONE))), 1).block.series.ids[0])
  assert.deepEqual([new Set(ids).size, table.made], [1, 1])
})

test('a gauge with members in its metadata is a set, in both encodings', () => {
  const set = text(1, 'weir.set.members')
  const member = (value: string) => message(1, text(1, value))
  const metadata = message(12, set, message(2, message(5, member('ann'), member('bob'))))
  const other = message(12, text(1, 'prometheus.type'), message(2, text(1, 'gauge')))
  const named = (...fields: Buffer[]) =>
    message(2, text(1, 'users'), message(GAUGE, point(fixed64(3, 1n), ONE)), ...fields)
  const values = ['ann', 'bob'].map(stringValue => ({ stringValue }))
  const json = (metadata: object[]) => jsonMetrics({ name: 'users', metadata, gauge: { dataPoints: [{ asInt: 1 }] } })
  const inJson = { key: 'weir.set.members', value: { arrayValue: { values } } }
  for (const { block } of [decode(inScope(named(other, metadata), named(other))), json([{ key: 'a' }, inJson])]) {
    const { kind, temporality } = block.series.metricOf(0)
    assert.deepEqual([kind, temporality, block.value[0]], ['set', 'delta', 2])
    assert.deepEqual(block.distributions.get(0), { kind: 'set', members: ['ann', 'bob'] })
  }
  assert.equal(decode(inScope(named(metadata), named(other))).block.series.metricOf(1).kind, 'gauge')
  for (const value of [{ arrayValue: { values: [{ intValue: 1 }] } }, { stringValue: 'ann' }, undefined])
    assert.equal(json([{ key: 'weir.set.members', value: value! }]).block.series.metricOf(0).kind, 'gauge')
})
