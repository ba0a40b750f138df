import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { decodeLogsJson } from '../../../core/wire/otlp/logs-json-decoder.ts'
import { type Attributes, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { embedded, FOREVER, signal } from './harness.ts'
import { counterBlock, distributionBlock, T } from './samples.ts'

const OTEL = { ...FOREVER, schema: 'otel' }

test('sums and gauges stand in the tables of the Collector', async () => {
  await using h = await embedded(OTEL)
  const resource = { attributes: [['service.name', 'shop'] as const], schemaUrl: 'https://schema' }
  const scope = { name: 'lib', version: '2', attributes: [['a', 'b'] as const], schemaUrl: '' }
  const builder = new PointBlockBuilder()
  const kinds = [
    ['counter', 'delta'],
    ['up_down_counter', 'cumulative'],
    ['gauge', 'unspecified']
  ] as const
  for (const [i, [kind, temporality]] of kinds.entries()) {
    const metric = { name: kind, unit: '1', description: 'd', kind, temporality }
    builder.add(h.context.series.intern(metric, [['k', 'v']], resource, scope), T + 0.25, i + 0.5, T)
  }
  await h.exporter.export(builder.build(), signal())
  const common = {
    ServiceName: 'shop',
    ResourceAttributes: { 'service.name': 'shop' },
    ResourceSchemaUrl: 'https://schema',
    ScopeName: 'lib',
    ScopeAttributes: { a: 'b' },
    Attributes: { k: 'v' },
    MetricUnit: '1'
  }
  const columns = `${Object.keys(common)}, MetricName, toString(TimeUnix, 'UTC') AS t, toString(StartTimeUnix, 'UTC') AS s, Value`
  const times = { t: '2025-10-09 08:53:20.000250000', s: '2025-10-09 08:53:20.000000000' }
  assert.deepEqual(
    await h.rows(
      `SELECT ${columns}, AggregationTemporality AS a, IsMonotonic AS m FROM weir.otel_metrics_sum ORDER BY MetricName`
    ),
    [
      { ...common, ...times, MetricName: 'counter', Value: 0.5, a: 1, m: true },
      { ...common, ...times, MetricName: 'up_down_counter', Value: 1.5, a: 2, m: false }
    ]
  )
  assert.deepEqual(await h.rows(`SELECT ${columns} FROM weir.otel_metrics_gauge`), [
    { ...common, ...times, MetricName: 'gauge', Value: 2.5 }
  ])
})

test('distributions stand in the tables of the Collector', async () => {
  await using h = await embedded(OTEL)
  await h.exporter.export(distributionBlock(h.context.series), signal())
  const histograms = await h.rows(
    'SELECT MetricName AS name, toString(Count) AS count, Sum AS sum, toString(Min) AS min, Max AS max, BucketCounts AS c, ExplicitBounds AS b FROM weir.otel_metrics_histogram ORDER BY name'
  )
  assert.deepEqual(histograms, [
    { name: 'd0', count: '6', sum: 10.5, min: '0.5', max: 4, c: [3, 2, 1], b: [1, 2] },
    { name: 'd1', count: String(2 ** 53), sum: 3, min: 'nan', max: null, c: [], b: [] }
  ])
  const exponential = await h.rows(
    'SELECT toUInt32(Count) AS count, Sum AS sum, Scale AS scale, toUInt32(ZeroCount) AS z, PositiveOffset AS po, PositiveBucketCounts AS p, NegativeOffset AS no, NegativeBucketCounts AS n, Min AS min, Max AS max, AggregationTemporality AS a FROM weir.otel_metrics_exponential_histogram'
  )
  assert.deepEqual(exponential, [
    { count: 7, sum: 11, scale: 3, z: 1, po: -2, p: [1, 0, 3], no: 4, n: [2], min: -2, max: 8, a: 1 }
  ])
  const summaries = await h.rows(
    'SELECT toUInt32(Count) AS count, Sum AS sum, ValueAtQuantiles.Quantile AS q, ValueAtQuantiles.Value AS v FROM weir.otel_metrics_summary'
  )
  assert.deepEqual(summaries, [{ count: 9, sum: 12, q: [0.5, 0.99], v: [1.25, 4] }])
  assert.deepEqual(await h.rows('SELECT MetricName AS name, Value AS value FROM weir.otel_metrics_gauge'), [
    { name: 'd4', value: 3 },
    { name: 'd5', value: 2 },
    { name: 'd6', value: 9 }
  ])
})

test('a block sent again is stored once; events are log records', async () => {
  await using h = await embedded({ ...OTEL, database: 'otel' })
  const points = counterBlock(h.context.series, 1000, 10)
  const events = {
    type: 'events',
    length: 2,
    time: Float64Array.of(T, T),
    name: ['signup', 'signup'],
    id: ['e1', undefined],
    attributes: [[['plan', 'pro']], [['plan', 'pro']]],
    value: Float64Array.of(1, 3)
  } as const
  for (let attempt = 0; attempt < 3; attempt++) {
    await h.exporter.export(points, signal())
    await h.exporter.export(events, signal())
  }
  await h.exporter.export({ ...events }, signal())
  const [{ n }] = await h.rows('SELECT toUInt32(count()) AS n FROM otel.otel_metrics_sum')
  assert.equal(n, 1000)
  const logs = await h.rows('SELECT Body, LogAttributes FROM otel.otel_logs ORDER BY LogAttributes')
  assert.equal(logs.length, 4)
  assert.deepEqual(
    logs
      .slice(0, 2)
      .concat(logs.slice(2))
      .map(row => row.Body),
    Array(4).fill('signup')
  )
  const attributes = logs.map(row => JSON.stringify(row.LogAttributes))
  assert.ok(attributes.includes('{"plan":"pro","event.name":"signup","event.id":"e1"}'), attributes.join())
  assert.ok(attributes.includes('{"plan":"pro","event.name":"signup","event.value":"3"}'), attributes.join())
})

test('a log record has its fields in their columns, another event has all with its attributes', async () => {
  await using h = await embedded(OTEL)
  const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
  const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']
  const error = { severityNumber: 17, severityText: 'ERROR', body: { stringValue: 'no money' } }
  const logRecords = [
    { ...error, traceId, spanId, flags: 1, attributes: [text('route', '/pay')] },
    { eventName: 'checkout', body: { kvlistValue: { values: [text('sum', 'high')] } } }
  ]
  const resource = { attributes: [text('service.name', 'shop'), text('service.version', '2'), text('host.name', 'a')] }
  const resourceLogs = [{ resource, scopeLogs: [{ scope: { name: 'lib', version: '3' }, logRecords }] }]
  const { block } = decodeLogsJson(Buffer.from(JSON.stringify({ resourceLogs })), T)
  const other = new EventBlockBuilder()
  const attributes: Attributes = [
    ['service.name', 'web'],
    ['severity', 'high'],
    ['trace_id', 'none']
  ]
  other.add(T, 'signup', attributes, 'e1', 1)
  await h.exporter.export(block, signal())
  await h.exporter.export(other.build(), signal())
  const columns =
    'ServiceName, Body, SeverityText, SeverityNumber, TraceId, SpanId, TraceFlags, ScopeName, ScopeVersion, ResourceAttributes, LogAttributes'
  const rows = await h.rows(`SELECT ${columns} FROM weir.otel_logs ORDER BY ServiceName, Body`)
  const none = { SeverityText: '', SeverityNumber: 0, TraceId: '', SpanId: '', TraceFlags: 0 }
  const ofShop = {
    ServiceName: 'shop',
    ScopeName: 'lib',
    ScopeVersion: '3',
    ResourceAttributes: { 'service.name': 'shop', 'service.version': '2' }
  }
  assert.deepEqual(rows, [
    {
      ...ofShop,
      Body: 'no money',
      SeverityText: 'ERROR',
      SeverityNumber: 17,
      TraceId: traceId,
      SpanId: spanId,
      TraceFlags: 1,
      LogAttributes: { 'host.name': 'a', route: '/pay' }
    },
    { ...none, ...ofShop, Body: '{"sum":"high"}', LogAttributes: { 'host.name': 'a', 'event.name': 'checkout' } },
    {
      ...none,
      ServiceName: 'web',
      ScopeName: '',
      ScopeVersion: '',
      Body: 'signup',
      ResourceAttributes: {},
      LogAttributes: {
        'service.name': 'web',
        severity: 'high',
        trace_id: 'none',
        'event.name': 'signup',
        'event.id': 'e1'
      }
    }
  ])
})

test('regression: a count of 2^64 - 1 was refused without end in buckets, and became 0 everywhere else', async () => {
  await using h = await embedded(OTEL)
  // A double has no 2^64 - 1; it becomes 2^64, as the decoders have it. The others a double holds exactly.
  const counts = [2 ** 64, 2 ** 64 - 2048, 2 ** 63, 2 ** 53, 0]
  const want = ['18446744073709551615', '18446744073709549568', '9223372036854775808', '9007199254740992', '0']
  const builder = new PointBlockBuilder()
  const numbers = { sum: 1, min: 0, max: 1 }
  const buckets = { offset: 0, counts }
  const exponential = { scale: 0, zeroThreshold: 0, positive: buckets, negative: buckets }
  for (const count of counts) {
    const of = (kind: 'histogram' | 'exponential_histogram' | 'summary') => {
      const metric = { name: `m${count}`, unit: '', description: '', kind, temporality: 'delta' } as const
      return h.context.series.intern(metric, [])
    }
    const own = { ...numbers, count }
    builder.addDistribution(of('histogram'), T, { kind: 'histogram', ...own, bounds: [1, 2, 3, 4], counts })
    builder.addDistribution(of('exponential_histogram'), T, {
      kind: 'exponential_histogram',
      ...own,
      ...exponential,
      zeroCount: count
    })
    builder.addDistribution(of('summary'), T, { kind: 'summary', count, sum: 1, quantiles: [] })
  }
  await h.exporter.export(builder.build(), signal())
  const texts = (column: string) => `arrayMap(c -> toString(c), ${column})`
  const select = async (table: string, columns: string) =>
    h.rows(`SELECT toString(Count) AS count, ${columns} FROM weir.otel_metrics_${table} ORDER BY Count DESC`)
  assert.deepEqual(
    await select('histogram', `${texts('BucketCounts')} AS counts`),
    want.map(count => ({ count, counts: want }))
  )
  assert.deepEqual(
    await select(
      'exponential_histogram',
      `toString(ZeroCount) AS zero, ${texts('PositiveBucketCounts')} AS p, ${texts('NegativeBucketCounts')} AS n`
    ),
    want.map(count => ({ count, zero: count, p: want, n: want }))
  )
  assert.deepEqual(
    await select('summary', 'Sum AS sum'),
    want.map(count => ({ count, sum: 1 }))
  )
})
