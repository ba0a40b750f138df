import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { FLAG_NO_RECORDED_VALUE } from '../../../../core/model/points.ts'
import { type Metric, PointBlockBuilder } from '../../../../sdk/plugin/index.ts'
import { signal } from '../harness.ts'
import { T } from '../samples.ts'
import { ask, flat } from './store-evaluation.ts'
import { LIMITS, matchers, openStore, type StoreHarness, shown, storeOf } from './store-harness.ts'

let s: StoreHarness
before(async () => {
  s = await openStore()
  await s.h.exporter.export(numbers(), signal())
})
after(() => s?.[Symbol.asyncDispose]())

const REQUESTS: Metric = {
  name: 'http.requests',
  unit: '{request}',
  description: 'Requests',
  kind: 'counter',
  temporality: 'cumulative'
}
const GAUGE: Metric = { ...REQUESTS, unit: '', kind: 'gauge', temporality: 'unspecified' }
const SHOP = {
  attributes: [
    ['host.name', 'h1'],
    ['service.instance.id', 'i1'],
    ['service.name', 'shop'],
    ['service.namespace', 'eu']
  ] as const,
  schemaUrl: ''
}
const MOVED = { ...SHOP, attributes: [['host.name', 'h2'], ...SHOP.attributes.slice(1)] as const }

/** Two routes of one instance, one of which moves to another host; the same as deltas of windows. */
function numbers() {
  const registry = s.h.context.series
  const builder = new PointBlockBuilder()
  const home = registry.intern(REQUESTS, [['http.route', '/']], SHOP)
  for (let i = 0; i < 3; i++) builder.add(home, T + i * 10_000, i, T)
  const cart = [SHOP, MOVED].map(resource => registry.intern(REQUESTS, [['http.route', "/o'brien"]], resource))
  builder.add(cart[0], T, 5, T)
  builder.add(cart[1], T + 10_000, 6, T)
  const delta: Metric = { ...REQUESTS, temporality: 'delta' }
  const windows = registry.intern(
    delta,
    [
      ['http.route', '/'],
      ['window', '10s']
    ],
    SHOP
  )
  builder.add(windows, T + 10_000, 1, T)
  const gauge = registry.intern({ ...GAUGE, name: 'queue' }, [])
  builder.add(gauge, T, Number.NaN)
  builder.add(gauge, T + 10_000.25, 1)
  builder.add(gauge, T + 10_000.75, 2)
  builder.add(gauge, T + 20_000, 7, 0, FLAG_NO_RECORDED_VALUE)
  return builder.build()
}

const TARGET = 'instance=i1 job=eu/shop'
const HOME = `__name__=http_requests_total http_route=/ ${TARGET}`
const CART = `__name__=http_requests_total http_route=/o'brien ${TARGET}`
const WINDOWS = `__name__=http_requests http_route=/ ${TARGET} window=10s`

const cases: [name: string, matchers: string[], want: Record<string, string>][] = [
  ['by the name of the family', ['__name__=http_requests_total'], { [HOME]: '0@0 1@10 2@20', [CART]: '5@0 6@10' }],
  ['deltas have no _total', ['__name__=http_requests'], { [WINDOWS]: '1@10' }],
  [
    "by OpenTelemetry's name",
    ['__name__=http.requests'],
    { [HOME]: '0@0 1@10 2@20', [CART]: '5@0 6@10', [WINDOWS]: '1@10' }
  ],
  ['by a label', ['__name__=http_requests_total', 'http_route=/'], { [HOME]: '0@0 1@10 2@20' }],
  ['by a value with a quote', ['__name__=http_requests_total', "http_route=/o'brien"], { [CART]: '5@0 6@10' }],
  ["by an attribute's own name", ['__name__=http_requests_total', 'http.route=/'], { [HOME]: '0@0 1@10 2@20' }],
  ['by an attribute of the resource', ['__name__=http_requests_total', 'host.name=h2'], { [CART]: '6@10' }],
  ['by the target', ['job=eu/shop', 'instance=i1', 'window=10s'], { [WINDOWS]: '1@10' }],
  ['not by a part of the target', ['job=shop'], {}],
  ['by expressions', ['__name__=~http_.*', 'http_route!~/o.*', 'window='], { [HOME]: '0@0 1@10 2@20' }],
  ['nothing', ['__name__=missing'], {}],
  ['no such label', ['__name__=http_requests_total', 'nothing=x'], {}],
  [
    'resources are target_info, each while its series were there',
    ['__name__=target_info'],
    {
      [`__name__=target_info host_name=h1 ${TARGET}`]: '1@0 1@20',
      [`__name__=target_info host_name=h2 ${TARGET}`]: '1@10'
    }
  ],
  [
    'target_info by an attribute',
    ['__name__=target_info', 'host.name=h2', 'host_name=h2'],
    { [`__name__=target_info host_name=h2 ${TARGET}`]: '1@10' }
  ],
  ['target_info of no such target', ['__name__=target_info', 'job=other'], {}],
  [
    'NaN and ends are apart, and of one ms the last stands',
    ['__name__=queue'],
    { '__name__=queue': 'NaN@0 2@10 stale@20' }
  ]
]

for (const [name, texts, want] of cases)
  test(`select: ${name}`, async () => {
    const found = await s.select(matchers(...texts), { after: T - 1, until: T + 20_000 })
    assert.deepEqual(shown(found, T), want)
  })

test('the range is open at its beginning, and closed at its end', async () => {
  const found = await s.select(matchers('__name__=http_requests_total', 'http_route=/'), {
    after: T,
    until: T + 19_999
  })
  assert.deepEqual(shown(found, T), { [HOME]: '1@10' })
})

test('more series or samples than the limits are refused, by name', async () => {
  const ask = (limits: typeof LIMITS) =>
    s.select(matchers('__name__=http_requests_total'), { after: T - 1, until: T + 20_000, limits })
  await assert.rejects(ask({ ...LIMITS, maxSeries: 1 }), { name: 'QueryError', kind: 'execution', message: /1 series/ })
  await assert.rejects(ask({ ...LIMITS, maxSamples: 3 }), { kind: 'execution', message: /3 samples/ })
})

test('series are named, each once', async () => {
  const request = {
    sets: [matchers('job=eu/shop'), matchers('__name__=http_requests')],
    start: T,
    end: T + 20_000,
    limits: LIMITS
  }
  const labels = await s.store.series(request, signal())
  assert.deepEqual(labels.map(({ pairs }) => pairs.map(pair => pair.join('=')).join(' ')).sort(), [
    WINDOWS,
    HOME,
    CART,
    `__name__=target_info host_name=h1 ${TARGET}`,
    `__name__=target_info host_name=h2 ${TARGET}`
  ])
  const day = 86_400_000
  assert.deepEqual(await s.store.series({ ...request, start: T - 3 * day, end: T - 2 * day }, signal()), [])
  assert.deepEqual(await s.store.series({ ...request, start: T + 3 * day, end: T + 4 * day }, signal()), [])
})

test('metrics are named without their series, unless labels are asked for', async () => {
  const names = (start: number, ...sets: string[][]) =>
    s.store.names!({ sets: sets.map(texts => matchers(...texts)), start, end: T + 20_000, limits: LIMITS }, signal())
  const all = ['http_requests', 'http_requests_total', 'queue', 'target_info']
  assert.deepEqual((await names(T))?.sort(), all)
  assert.deepEqual(await names(T, ['__name__=~.*_total'], ['__name__=http_requests_total']), ['http_requests_total'])
  assert.deepEqual(await names(T + 3 * 86_400_000, ['__name__=~http_.*']), [])
  assert.equal(await names(T, ['job=shop']), undefined)
})

test('metadata has the families', async () => {
  assert.deepEqual((await s.store.metadata(signal())).map(({ family, type, help }) => [family, type, help]).sort(), [
    ['http_requests', 'gauge', 'Requests'],
    ['http_requests_total', 'counter', 'Requests'],
    ['queue', 'gauge', 'Requests'],
    ['target_info', 'gauge', 'Target metadata']
  ])
})

test('regression: a column of mostly zeros was put together in another order than the other columns', async () => {
  const rows = 1000
  const isHit = (i: number) => i % 50 === 7
  const days = [10, 20].map(days => T + days * 86_400_000)
  const gauges = ['sparse', 'ending'].map(name => s.h.context.series.intern({ ...GAUGE, name }, []))
  const builders = days.map(() => new PointBlockBuilder())
  for (let i = 0; i < rows; i++) {
    builders[0].add(gauges[0], days[0] + i * 1000, isHit(i) ? i : 0)
    builders[1].add(gauges[1], days[1] + i * 1000, i + 1, 0, isHit(i) ? FLAG_NO_RECORDED_VALUE : 0)
  }
  for (const builder of builders) await s.h.exporter.export(builder.build(), signal())
  // Another one, which does not know yet which metrics there are.
  const store = await storeOf(s.h.exporter)
  const select = async (name: string, day: number) => {
    const range = { after: day - 1, until: day + rows * 1000, stepMs: 0, rangeMs: 300_000, func: undefined }
    const request = { matchers: matchers(`__name__=${name}`), ...range, limits: LIMITS }
    return store.select(request, { info() {}, warn() {} }, signal())
  }
  const [sparse] = await select('sparse', days[0])
  assert.deepEqual(
    [...sparse.values],
    Array.from({ length: rows }, (_, i) => (isHit(i) ? i : 0))
  )
  const [ending] = await select('ending', days[1])
  assert.deepEqual(
    [...ending.stale!],
    Array.from({ length: rows }, (_, i) => Number(isHit(i)))
  )
  for (const [query, day] of [
    ['sparse', days[0]],
    ['delta(sparse[9s])', days[0]],
    ['max_over_time(sparse[9s])', days[0]],
    ['ending', days[1]],
    ['rate(ending[90s])', days[1]]
  ] as const) {
    const range = { start: day, end: day + rows * 1000, stepMs: 7000 }
    const [computed, evaluated] = [await ask(store, query, range, true), await ask(store, query, range, false)]
    assert.equal(computed.computed, 1, query)
    const [got, want] = [computed, evaluated].map(({ result }) => [...flat(result, day)])
    const digits = (values: [string, number][]) => values.map(([key, value]) => [key, value.toPrecision(9)])
    assert.deepEqual(digits(got), digits(want), query)
  }
})
