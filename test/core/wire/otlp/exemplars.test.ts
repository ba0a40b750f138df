import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_LIMITS } from '../../../../core/model/item-limits.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { decodeMetricsJson } from '../../../../core/wire/otlp/json-decoder.ts'
import { OtlpMetricsDecoder } from '../../../../core/wire/otlp/metrics-decoder.ts'
import type { EventBlock } from '../../../../sdk/plugin/index.ts'
import { attribute, double, fixed64, integer, message, text } from '../protobuf/fields.ts'

const RECEIVED_AT = 1_770_000_000_000
const TIME = 1_760_000_000_000
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const [GAUGE, SUM, HISTOGRAM, EXPONENTIAL] = [5, 7, 9, 10]
const CUMULATIVE = integer(2, 2)

const nano = (ms: number) => BigInt(ms) * 1_000_000n
const bytes = (field: number, hex: string) => {
  const content = Buffer.from(hex, 'hex')
  return Buffer.concat([Buffer.from([field * 8 + 2, content.length]), content])
}
const service = message(1, attribute(1, 'service.name', 'shop'))
const body = (...metrics: Buffer[]) => message(1, service, message(2, ...metrics))
const metric = (name: string, unit: string, field: number, ...data: Buffer[]) =>
  message(2, text(1, name), text(3, unit), message(field, ...data))
const point = (...fields: Buffer[]) => message(1, fixed64(3, nano(TIME)), ...fields)

const decode = (table = new SeriesTable(), options = {}) => {
  const decoder = new OtlpMetricsDecoder(table, options)
  return (bytes: Buffer, wanted?: boolean) => decoder.decode(bytes, RECEIVED_AT, wanted)
}
const eventsIn = ({ name, time, value, attributes }: EventBlock) =>
  name.map((own, i) => ({ name: own, time: time[i], value: value[i], ...Object.fromEntries(attributes[i]) }))

const OF_SHOP = { name: 'exemplar', time: TIME, 'series.job': 'shop', trace_id: TRACE, span_id: SPAN }

const CASES: readonly (readonly [name: string, protobuf: Buffer, json: object, want: readonly object[]])[] = [
  [
    'of numbers: doubles and integers, with times of their own or those of the points, and filtered attributes',
    metric(
      'http.requests',
      '',
      SUM,
      CUMULATIVE,
      integer(3, 1),
      point(
        attribute(7, 'route', '/a'),
        fixed64(6, 1n),
        message(5, fixed64(2, nano(TIME - 5)), double(3, 0.25), attribute(7, 'user.id', 'u1'), attribute(7, 'a', 'b')),
        message(5, fixed64(6, -7n), bytes(4, SPAN), bytes(5, TRACE))
      ),
      point(attribute(7, 'route', '/b'), fixed64(6, 1n))
    ),
    {
      name: 'http.requests',
      sum: {
        aggregationTemporality: 2,
        isMonotonic: true,
        dataPoints: [
          {
            timeUnixNano: String(nano(TIME)),
            asInt: '1',
            attributes: [{ key: 'route', value: { stringValue: '/a' } }],
            exemplars: [
              {
                timeUnixNano: String(nano(TIME - 5)),
                asDouble: 0.25,
                filteredAttributes: [
                  { key: 'user.id', value: { stringValue: 'u1' } },
                  { key: 'a', value: { stringValue: 'b' } }
                ]
              },
              { asInt: '-7', spanId: SPAN.toUpperCase(), traceId: TRACE.toUpperCase() }
            ]
          },
          {
            timeUnixNano: String(nano(TIME)),
            asInt: '1',
            attributes: [{ key: 'route', value: { stringValue: '/b' } }]
          }
        ]
      }
    },
    [
      {
        name: 'exemplar',
        time: TIME - 5,
        value: 0.25,
        'series.__name__': 'http_requests_total',
        'series.job': 'shop',
        'series.route': '/a',
        'user.id': 'u1',
        a: 'b'
      },
      { ...OF_SHOP, value: -7, 'series.__name__': 'http_requests_total', 'series.route': '/a' }
    ]
  ],
  [
    'of histograms with explicit buckets: those of the bucket that they are in',
    metric(
      'latency',
      's',
      HISTOGRAM,
      CUMULATIVE,
      point(
        fixed64(4, 3n),
        ...[1n, 1n, 1n].map(count => fixed64(6, count)),
        ...[0.5, 1].map(bound => double(7, bound)),
        ...[0.5, 0.75, 9].map(value => message(8, double(3, value), bytes(4, SPAN), bytes(5, TRACE)))
      )
    ),
    {
      name: 'latency',
      unit: 's',
      histogram: {
        aggregationTemporality: 2,
        dataPoints: [
          {
            timeUnixNano: String(nano(TIME)),
            count: '3',
            bucketCounts: ['1', '1', '1'],
            explicitBounds: [0.5, 1],
            exemplars: [0.5, 0.75, 9].map(asDouble => ({ asDouble, spanId: SPAN, traceId: TRACE }))
          }
        ]
      }
    },
    [
      [0.5, '0.5'],
      [0.75, '1'],
      [9, '+Inf']
    ].map(([value, le]) => ({ ...OF_SHOP, value, 'series.__name__': 'latency_seconds_bucket', 'series.le': le }))
  ],
  [
    'of exponential histograms: those of the histogram',
    metric(
      'latency',
      's',
      EXPONENTIAL,
      CUMULATIVE,
      point(fixed64(4, 1n), fixed64(7, 1n), message(11, double(3, 2), bytes(4, SPAN), bytes(5, TRACE)))
    ),
    {
      name: 'latency',
      unit: 's',
      exponentialHistogram: {
        aggregationTemporality: 2,
        dataPoints: [
          {
            timeUnixNano: String(nano(TIME)),
            count: '1',
            zeroCount: '1',
            exemplars: [{ asDouble: 2, spanId: SPAN, traceId: TRACE }]
          }
        ]
      }
    },
    [{ ...OF_SHOP, value: 2, 'series.__name__': 'latency_seconds' }]
  ]
]

for (const [name, protobuf, json, want] of CASES)
  test(`exemplars ${name}`, () => {
    const decoded = decode()(body(protobuf))
    assert.deepEqual(eventsIn(decoded.exemplars.events), want)
    assert.equal(decoded.exemplars.count, want.length)
    assert.equal(decoded.rejections.total, 0)
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] }
    const request = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [json] }] }] }
    const ofJson = decodeMetricsJson(Buffer.from(JSON.stringify(request)), new SeriesTable(), RECEIVED_AT)
    assert.deepEqual(eventsIn(ofJson.exemplars.events), want)
    assert.equal(ofJson.exemplars.count, want.length)
  })

function many(exemplars: number, ...more: Buffer[]): Buffer {
  const one = message(5, double(3, 1), ...more)
  return body(metric('m', '', GAUGE, point(fixed64(6, 1n), Buffer.concat(Array(exemplars).fill(one)))))
}

test('exemplars of points that are refused, or beyond the limits, are left out, and points are not', () => {
  const tooManySeries = decode(new SeriesTable({ maxSeries: 0 }))(many(1))
  assert.deepEqual([tooManySeries.block.length, tooManySeries.exemplars.events.length], [0, 0])
  const limits = { ...DEFAULT_LIMITS, max_value_length: 10 }
  const tooLong = decode(new SeriesTable(), { limits })(many(1, attribute(7, 'a', 'x'.repeat(11))))
  assert.deepEqual([tooLong.block.length, tooLong.exemplars.events.length], [1, 0])
  const tooMuch = decode(new SeriesTable(), { maxBytes: 2000 })(many(100))
  assert.equal(tooMuch.block.length, 1)
  assert.ok(tooMuch.exemplars.events.length > 0 && tooMuch.exemplars.events.length < 100)
})

test('very many exemplars are counted, and not all become events', () => {
  const { exemplars } = decode()(many(70_000))
  assert.deepEqual([exemplars.count, exemplars.events.length], [70_000, 65_536])
})

test('exemplars of a point without a value, or of a body that was refused, are not those of the next point', () => {
  const decoder = decode()
  const exemplar = message(5, double(3, 1))
  const lost = decoder(body(metric('m', '', GAUGE, point(exemplar), point(fixed64(6, 1n)))))
  assert.deepEqual([lost.block.length, lost.exemplars.count, lost.rejections.total], [1, 0, 1])
  assert.throws(() => decoder(body(metric('m', '', GAUGE, point(exemplar, Buffer.of(0xff))))))
  assert.equal(decoder(many(0)).exemplars.count, 0)
})

test('exemplars that nobody wants are only counted', () => {
  const decoded = decode()(many(3), false)
  assert.deepEqual([decoded.exemplars.count, decoded.exemplars.events.length], [3, 0])
  // The next body begins anew.
  const decoder = decode()
  decoder(many(3))
  assert.equal(decoder(many(0)).exemplars.count, 0)
})

test('exemplars cut off at every byte are refused', () => {
  const whole = body(CASES[0][1])
  const decoder = decode()
  for (let length = 1; length < whole.length; length++)
    assert.throws(() => decoder(whole.subarray(0, length)), { name: 'BadInputError' }, `${length} bytes`)
})
