import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ExponentialHistogram } from '../../../core/model/distribution.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { quantileOf } from '../../../core/model/sketch/ddsketch.ts'
import { decodeMetricsJson } from '../../../core/wire/otlp/json-decoder.ts'
import { decodeLogsJson } from '../../../core/wire/otlp/logs-json-decoder.ts'
import { type ClientOptions, createClient } from '../../../sdk/client/index.ts'
import { ReceivingServer } from './receiving-server.ts'

/** A multiple of every interval. */
const BEGIN = 1_770_000_000_000

async function open(t: TestContext, options: Partial<ClientOptions> = {}) {
  const server = await ReceivingServer.start(t)
  const client = createClient({ endpoint: server.endpoint, onDiagnostic: () => {}, ...options })
  t.after(() => client.close({ deadline: 0 }))
  return { server, client }
}

/** Points as `name{attributes} value`, in order. */
const shown = (server: ReceivingServer) =>
  server.items
    .map(({ name, attributes, asInt, asDouble }) => `${name}${JSON.stringify(attributes)} ${asInt ?? asDouble}`)
    .sort()

test('counts of the same attributes add up, in whatever order these come; types tell values apart', async t => {
  const { server, client } = await open(t)
  client.count('a', 1, { x: 1, y: 'b' })
  client.count('a', 2, { y: 'b', x: 1 })
  client.count('a', 4, { x: '1', y: 'b' })
  client.count('a', 8, { x: 1, y: 'b', z: undefined })
  client.count('a', 0.5)
  client.count('a', 0.25, {})
  client.count('b', 1, { list: [1, 2] })
  client.count('b', 1, { list: [1, 2] })
  await client.close()
  assert.deepEqual(shown(server), ['a{"x":"1","y":"b"} 4', 'a{"x":1,"y":"b"} 11', 'a{} 0.75', 'b{"list":"[1,2]"} 2'])
})

test('names and attributes may be called as what every object has', async t => {
  const { server, client } = await open(t)
  client.count('__proto__', 1, JSON.parse('{"__proto__":"x","constructor":1}'))
  client.count('__proto__', 2, { constructor: 1 })
  await client.close()
  assert.deepEqual(shown(server), ['__proto__{"__proto__":"x","constructor":1} 1', '__proto__{"constructor":1} 2'])
})

test('a unit that is none does not spoil the request', async t => {
  const { server, client } = await open(t)
  const odd = client as unknown as { timing(...args: unknown[]): void }
  for (const unit of [0, null, {}, '']) odd.timing('a', 1, {}, unit)
  await client.close()
  const counts = Object.fromEntries(server.items.map(({ unit, count }) => [String(unit), count]))
  assert.deepEqual(counts, { undefined: 3, '[object Object]': 1 })
})

test('each interval has its own counts, with its bounds as their times; a flush ends one early', async t => {
  t.mock.timers.enable({ apis: ['Date'], now: BEGIN + 500 })
  const { server, client } = await open(t)
  client.count('a')
  t.mock.timers.setTime(BEGIN + 1999)
  client.count('a')
  // No timer came meanwhile: the process was busy.
  t.mock.timers.setTime(BEGIN + 2000)
  client.count('a', 10)
  t.mock.timers.setTime(BEGIN + 2300)
  await client.flush()
  client.count('a', 100)
  t.mock.timers.setTime(BEGIN + 9000)
  client.count('a', 1000)
  t.mock.timers.setTime(BEGIN + 9100)
  await client.close()
  const seen = server.items.map(({ startTimeUnixNano, timeUnixNano, asInt }) => [
    Number(startTimeUnixNano) / 1e6 - BEGIN,
    Number(timeUnixNano) / 1e6 - BEGIN,
    Number(asInt)
  ])
  assert.deepEqual(seen, [
    [0, 2000, 2],
    [2000, 2300, 10],
    [2300, 4000, 100],
    [8000, 9100, 1000]
  ])
})

test('a clock that is set back does not stop the counts', async t => {
  t.mock.timers.enable({ apis: ['Date'], now: BEGIN + 500 })
  const { server, client } = await open(t)
  client.count('a')
  t.mock.timers.setTime(BEGIN - 3_600_000)
  client.count('a', 10)
  await client.close()
  assert.deepEqual(
    server.items.map(({ asInt }) => asInt),
    ['1', '10']
  )
})

test('series beyond the limit are counted in one of their name; idle ones make room', async t => {
  const { server, client } = await open(t, { maxSeries: 3 })
  for (let i = 0; i < 100; i++) client.count('a', 1, { i })
  await client.flush()
  const overflow = 'a{"otel.metric.overflow":true} 97'
  assert.deepEqual(shown(server), ['a{"i":0} 1', 'a{"i":1} 1', 'a{"i":2} 1', overflow].sort())
  server.received.length = 0
  for (const i of [50, 51, 50, 1]) client.count('a', 1, { i })
  await client.close()
  assert.deepEqual(shown(server), ['a{"i":1} 1', 'a{"i":50} 2', 'a{"i":51} 1'])
})

test('a timing is a histogram whose quantiles are off by less than 1 %, whatever the range', async t => {
  for (const [from, to] of [
    [0.5, 900],
    [1e-9, 1e3]
  ]) {
    const { server, client } = await open(t)
    const values = Array.from({ length: 5000 }, (_, i) => from * (to / from) ** (i / 4999))
    for (const value of values) client.timing('t', value)
    client.timing('t', 0, undefined, 'By')
    await client.close()
    const { block } = decodeMetricsJson(Buffer.from(server.received[0].body), new SeriesTable(), 0)
    const [bytes, histogram] = [0, 1].map(i => block.distributions.get(i) as ExponentialHistogram)
    assert.deepEqual(
      [0, 1].map(i => block.series.metricOf(i).unit),
      ['By', 'ms']
    )
    assert.deepEqual([bytes.count, bytes.zeroCount], [1, 1])
    assert.deepEqual([histogram.count, histogram.min, histogram.max], [5000, values[0], values[4999]])
    const error = to / from > 2 ** 32 ? 0.011 : 0.006
    for (const q of [0.01, 0.5, 0.9, 0.99]) {
      const want = values[Math.floor(q * 4999)]
      assert.ok(Math.abs(quantileOf(histogram, q) / want - 1) <= error, `${q}: ${quantileOf(histogram, q)}, ${want}`)
    }
    assert.ok(histogram.positive.counts.length <= 2048)
  }
})

test('members of a set come once an interval; a full set is sent early', async t => {
  const { server, client } = await open(t)
  for (let i = 0; i < 40_000; i++) client.unique('users', `user ${i % 20_000}`)
  await client.close()
  const members = server.received.flatMap(({ body }) => {
    const { block } = decodeMetricsJson(Buffer.from(body), new SeriesTable(), 0)
    return [...block.distributions.values()].flatMap(set => (set.kind === 'set' ? set.members : assert.fail(set.kind)))
  })
  assert.equal(new Set(members).size, 20_000)
  assert.ok(server.items.length > 1)
})

test('sampled events have their weight, and those of one attribute stay together', async t => {
  const sampling = { view: { probability: 0.25 }, step: { probability: 0.5, attribute: 'user' } }
  const { server, client } = await open(t, { sampling })
  for (let i = 0; i < 8000; i++) client.event('view')
  for (let i = 0; i < 8000; i++) client.event('step', { user: i % 400 })
  client.event('toString')
  assert.equal((await client.close()).dropped, 0)
  const events = server.received.flatMap(({ body }) => {
    const { block } = decodeLogsJson(Buffer.from(body), 0, {})
    return block.name.map((name, i) => ({ name, value: block.value[i], id: block.id[i] }))
  })
  const sum = (name: string) => events.reduce((sum, event) => sum + (event.name === name ? event.value : 0), 0)
  assert.ok(Math.abs(sum('view') - 8000) < 1000, `${sum('view')}`)
  assert.ok(Math.abs(sum('step') - 8000) < 1600, `${sum('step')}`)
  assert.equal(sum('toString'), 1)
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length)
  const users = Map.groupBy(
    server.items.filter(({ name }) => name === 'step'),
    ({ attributes }) => attributes.user
  )
  assert.ok([...users.values()].every(({ length }) => length === 20))
})

test('the same events are sampled as by the client for Python', async t => {
  const { server, client } = await open(t, { sampling: { click: { probability: 0.25, attribute: 'user' } } })
  for (let i = 0; i < 12; i++) client.event('click', { user: `u${i}` })
  await client.close()
  // See test/sdk/python/test_bounds.py.
  assert.deepEqual(
    server.items.map(({ attributes }) => attributes.user),
    ['u0', 'u7', 'u8', 'u10']
  )
})

test('events beyond the rate are dropped, counted, and told to the server', async t => {
  t.mock.timers.enable({ apis: ['Date'], now: BEGIN })
  const { server, client } = await open(t, { maxEventsPerSecond: 10 })
  for (let second = 0; second < 2; second++) {
    t.mock.timers.setTime(BEGIN + second * 1000)
    for (let i = 0; i < 25; i++) client.event('e')
  }
  assert.equal((await client.close()).dropped, 30)
  assert.equal(server.items.filter(({ name }) => name === 'e').length, 20)
  assert.ok(shown(server).includes('weir.client.dropped{"reason":"rate_limit"} 30'))
})

test('with a full queue counts go on in the open interval, and of events the oldest are dropped', async t => {
  t.mock.timers.enable({ apis: ['Date'], now: BEGIN })
  const { server, client } = await open(t, { maxQueueBytes: 20_000 })
  let isUp = false
  server.replyTo = () => (isUp ? undefined : { status: 503 })
  for (let i = 0; i < 200; i++) {
    t.mock.timers.setTime(BEGIN + i * 2000)
    client.count('a', 1, { i: i % 2 })
    for (let k = 0; k < 20; k++) client.event('e', { n: i * 20 + k })
  }
  isUp = true
  const { unsent, dropped } = await client.close({ deadline: 30_000 })
  assert.equal(unsent, 0)
  const total = server.items.filter(({ name }) => name === 'a')
  const seen = new Map<unknown, number>()
  const bodies = new Map(server.received.map(({ body, items }) => [body, items]))
  for (const { name, asInt } of [...bodies.values()].flat()) seen.set(name, (seen.get(name) ?? 0) + Number(asInt ?? 1))
  assert.equal(seen.get('a'), 200, `${total.length} points`)
  assert.ok(dropped > 0)
  assert.equal(seen.get('e')! + dropped, 4000)
  assert.equal(seen.get('weir.client.dropped'), dropped)
  const last = [...bodies.values()].flat().some(({ attributes }) => attributes.n === 3999)
  assert.ok(last, 'the newest event is there')
})

test('an event that is too large does not drive out the others', async t => {
  const { server, client } = await open(t, { maxQueueBytes: 1000 })
  client.event('small')
  client.event('large', { text: 'x'.repeat(1000) })
  assert.deepEqual(await client.close(), { unsent: 0, refused: 0, dropped: 1 })
  assert.ok(server.items.some(({ name }) => name === 'small'))
})

test('a wrong interval is told, and the usual one taken', async t => {
  const told: string[] = []
  const { client } = await open(t, { interval: 3000, onDiagnostic: ({ message }) => void told.push(message) })
  client.count('a')
  await client.close()
  assert.deepEqual(told, ['interval 3000: no divisor of 10000'])
})
