import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { type TestContext as NodeTest, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import { DEFAULT_CONNECTION_LIMITS } from '../../../core/http/connection-limits.ts'
import { blockBytes } from '../../../core/model/block.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { OtlpMetricsDecoder } from '../../../core/wire/otlp/metrics-decoder.ts'
import { ProtobufReader } from '../../../core/wire/protobuf/reader.ts'
import plugin from '../../../receivers/otlp/index.ts'
import { OtlpReceiver } from '../../../receivers/otlp/receiver.ts'
import { WeirError } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { sdkMetrics } from '../../core/wire/otlp/sdk-data.ts'
import { attribute, fixed64, message, text } from '../../core/wire/protobuf/fields.ts'
import { type Running, running } from './harness.ts'

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'
const protobuf = Buffer.from(ProtobufMetricsSerializer.serializeRequest(sdkMetrics())!)
const json = Buffer.from(JsonMetricsSerializer.serializeRequest(sdkMetrics())!)
const NEVER = new AbortController().signal

// Three gauges, one of them without a value.
const points = [message(1, fixed64(6, 1n)), message(1), message(1, fixed64(6, 2n))]
const oneBad = message(1, message(2, message(2, text(1, 'g'), message(5, ...points))))

function post(url: string, body: Buffer, type: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', body: new Uint8Array(body), headers: { 'content-type': type, ...headers } })
}

async function status(response: Response): Promise<{ code: number; message: string }> {
  if (response.headers.get('content-type') === JSON_TYPE) return (await response.json()) as never
  const reader = new ProtobufReader(Buffer.from(await response.arrayBuffer()))
  assert.deepEqual([response.headers.get('content-type'), reader.tag()], [PROTOBUF, 8])
  const code = reader.varint()
  assert.equal(reader.tag(), 18)
  return { code, message: reader.text() }
}

async function partialSuccess(response: Response) {
  assert.equal(response.status, 200)
  const body = Buffer.from(await response.arrayBuffer())
  const serializer =
    response.headers.get('content-type') === JSON_TYPE ? JsonMetricsSerializer : ProtobufMetricsSerializer
  const { rejectedDataPoints, errorMessage } = serializer.deserializeResponse(body).partialSuccess ?? {}
  return { rejected: Number(rejectedDataPoints ?? 0), message: errorMessage ?? '' }
}

function books({ context: { account, credits } }: Running) {
  const { received, sent, refused, inFlight, imbalance } = account
  assert.deepEqual([inFlight, imbalance, credits.used], [0, 0, 0])
  return { received, sent, refused, dropped: Object.fromEntries(account.dropped) }
}

for (const [type, body] of [
  [PROTOBUF, protobuf],
  [JSON_TYPE, json],
  ['Application/JSON; charset=utf-8', json]
] as const)
  test(`${type}: taken, plain and compressed`, async t => {
    const weir = await running(t)
    for (const [encoded, headers] of [
      [body, {}],
      [gzipSync(body), { 'content-encoding': 'gzip' }],
      [zstdCompressSync(body), { 'content-encoding': 'zstd' }]
    ] as const) {
      const response = await post(weir.url, encoded, type, headers)
      assert.equal(response.headers.get('content-type'), type === PROTOBUF ? PROTOBUF : JSON_TYPE)
      assert.deepEqual(await partialSuccess(response), { rejected: 0, message: '' })
    }
    assert.deepEqual(
      weir.blocks.map(block => block.length),
      [8, 8, 8]
    )
    assert.deepEqual(books(weir), { received: 24, sent: 24, refused: 0, dropped: {} })
  })

test('an empty request succeeds', async t => {
  const weir = await running(t)
  assert.deepEqual(await partialSuccess(await post(weir.url, Buffer.alloc(0), PROTOBUF)), { rejected: 0, message: '' })
  assert.equal(await (await post(weir.url, Buffer.from('{}'), JSON_TYPE)).text(), '{}')
  assert.deepEqual([weir.blocks.length, books(weir).received], [0, 0])
})

test('points rejected one by one: partial success, and the ledger knows', async t => {
  const weir = await running(t)
  assert.deepEqual(await partialSuccess(await post(weir.url, oneBad, PROTOBUF)), {
    rejected: 1,
    message: '1 point with neither an integer nor a double as value, first in metric "g"'
  })
  assert.deepEqual(books(weir), { received: 3, sent: 2, refused: 0, dropped: { no_value: 1 } })
})

test('points dropped downstream: partial success, once for all branches', async t => {
  const weir = await running(t)
  weir.settle = batch => {
    for (const branch of batch.fork(3)) branch.drop('too_old', 1)
  }
  assert.deepEqual(await partialSuccess(await post(weir.url, oneBad, PROTOBUF)), {
    rejected: 3,
    message:
      '1 point with neither an integer nor a double as value, first in metric "g"; 2 points dropped later on: too_old'
  })
})

for (const type of [PROTOBUF, JSON_TYPE])
  test(`${type}: a nacked batch is 503 with Retry-After, and nothing was counted for good`, async t => {
    const weir = await running(t)
    weir.settle = batch => batch.nack(new Error('the disk is full'))
    const response = await post(weir.url, type === PROTOBUF ? oneBad : json, type)
    assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '3'])
    assert.deepEqual(await status(response), { code: 14, message: 'not taken: the disk is full' })
    const { received, refused, dropped } = books(weir)
    assert.deepEqual([received - refused, dropped], [0, {}])
  })

test('a fault of the server is 503 too: most SDKs would lose the data of a 500', async t => {
  const weir = await running(t)
  weir.context.batch = () => assert.fail('a bug')
  const response = await post(weir.url, json, JSON_TYPE)
  assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '3'])
  assert.equal((await status(response)).code, 14)
})

test('the reply waits for settlement', async t => {
  const weir = await running(t)
  let settled = false
  weir.settle = batch =>
    setImmediate(() => {
      settled = true
      batch.ack()
    })
  await post(weir.url, protobuf, PROTOBUF)
  assert.equal(settled, true)
})

test('regression: a few kilobytes of empty histograms became gigabytes', async t => {
  const weir = await running(t)
  const empty = 300_000
  const histogram = Buffer.alloc(2 * empty)
  for (let i = 0; i < empty; i++) histogram[2 * i] = 10
  const body = message(1, message(2, message(2, text(1, 'h'), message(9, histogram, Buffer.from([16, 1])))))
  const points = Array.from({ length: empty }, () => ({}))
  const metrics = [{ name: 'h', histogram: { aggregationTemporality: 1, dataPoints: points } }]
  const inJson = Buffer.from(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }))
  for (const [bytes, type] of [
    [body, PROTOBUF],
    [inJson, JSON_TYPE]
  ] as const) {
    const response = await post(weir.url, gzipSync(bytes), type, { 'content-encoding': 'gzip' })
    assert.equal(response.status, 413)
    assert.match((await status(response)).message, /do not fit into 67108864 bytes: send less at once/)
  }
  assert.deepEqual([weir.blocks.length, weir.context.credits.used], [0, 0])
})

test('no credits: 503 with Retry-After', async t => {
  const weir = await running(t)
  const held = weir.context.credits.tryTake(weir.context.credits.capacity)!
  const response = await post(weir.url, protobuf, PROTOBUF)
  assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '3'])
  assert.equal((await status(response)).code, 14)
  held.release()
})

test('points that take more memory than their bytes are paid for', async t => {
  const weir = await running(t)
  const body = message(1, message(2, message(2, text(1, 'g'), message(5, ...Array(1000).fill(points[0])))))
  let used = 0
  weir.settle = batch => {
    used = weir.context.credits.used
    batch.ack()
  }
  await post(weir.url, body, PROTOBUF)
  assert.ok(used >= 33_000 && body.length < 15_000, `${used} credits, ${body.length} bytes`)
  const held = weir.context.credits.tryTake(weir.context.credits.capacity - 20_000)!
  assert.equal((await post(weir.url, body, PROTOBUF)).status, 503)
  held.release()
  books(weir)
})

/** A point each of so many series, which begin with number `first`. */
function newSeries(count: number, first = 0, common = COMMON): Buffer {
  const value = fixed64(6, 1n)
  const made = Array.from({ length: count }, (_, i) => {
    const own = attribute(7, 'client.address', `10.0.0.0:${first + i}`)
    return message(1, value, fixed64(3, 1n), own, ...common)
  })
  return message(1, RESOURCE, message(2, message(2, text(1, 'http.server.requests'), message(5, ...made))))
}
const COMMON = [
  attribute(7, 'http.request.method', 'GET'),
  attribute(7, 'http.route', '/v1/orders/{id}'),
  attribute(7, 'http.response.status_code', '200'),
  attribute(7, 'server.address', 'shop.example.com')
]
const RESOURCE = message(1, attribute(1, 'service.name', 'shop'), attribute(1, 'host.name', 'node-17'))

function asJson(body: Buffer): Buffer {
  const context = testContext('otlp')
  const { block } = new OtlpMetricsDecoder(context.series).decode(body, 0)
  const dataPoints = [...block.series].map(({ attributes }) => ({
    asDouble: 1,
    timeUnixNano: '1',
    attributes: attributes.map(([key, value]) => ({ key, value: { stringValue: value } }))
  }))
  const metrics = [{ name: 'http.server.requests', gauge: { dataPoints } }]
  return Buffer.from(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }))
}

/** Takes most of the bytes of a series, so that few series are too many. */
const LONG = [attribute(7, 'user_agent.original', 'x'.repeat(250))]

for (const [type, encode, tooMany, said] of [
  [
    PROTOBUF,
    (body: Buffer) => body,
    () => Buffer.concat([0, 90_000].map(first => newSeries(90_000, first, LONG))),
    'series that were not known take more'
  ],
  [JSON_TYPE, asJson, () => newSeries(70_000), 'this takes']
] as const) {
  test(`regression: ${type}: series that nobody knew cost their sender nothing, whatever they take in memory`, async t => {
    const weir = await running(t, { max_body_size: '1MiB' })
    const { credits } = weir.context
    const used: number[] = []
    weir.settle = batch => {
      used.push(credits.used)
      batch.ack()
    }
    const body = encode(newSeries(2000))
    assert.equal((await post(weir.url, body, type)).status, 200)
    assert.equal((await post(weir.url, body, type)).status, 200)
    assert.ok(used[0] > 2000 * 200, `${used[0]} credits for 2,000 series`)
    assert.ok(used[1] <= Math.max(body.length, 2000 * 33) + 2000, `${used[1]} once they are known`)
    const held = credits.tryTake(credits.capacity - used[0] / 2)!
    const refused = await post(weir.url, encode(newSeries(2000, 2000)), type)
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '3'])
    assert.equal(credits.used, held.bytes)
    held.release()
    books(weir)
  })

  test(`${type}: new series that all credits there are do not pay for are too many: 413 says which option`, async t => {
    const weir = await running(t, { max_body_size: '60MiB' })
    const response = await post(weir.url, encode(tooMany()), type)
    assert.equal(response.status, 413)
    const { message } = await status(response)
    assert.match(message, new RegExp(`^${said} .*send less at once, or raise service\\.limits\\.in_flight$`))
    assert.deepEqual([weir.blocks.length, weir.context.credits.used], [0, 0])
  })
}

test('regression: OTLP/JSON was parsed whatever memory that took', async t => {
  const weir = await running(t)
  const body = Buffer.from(`{"resourceMetrics":[],"other":[${Array(1_200_000).fill('{}').join()}]}`)
  const response = await post(weir.url, body, JSON_TYPE)
  assert.equal(response.status, 413)
  assert.match((await status(response)).message, /bytes in memory.*or raise service\.limits\.in_flight$/)
  assert.equal(weir.context.credits.used, 0)
})

test('regression: a request of 20 MB, of which 100,000 series are new, did not fit into the default limit', () => {
  const body = newSeries(100_000)
  const capacity = 128 * 2 ** 20
  const { block, newSeriesBytes } = new OtlpMetricsDecoder(new SeriesTable(), { maxBytes: capacity }).decode(body, 1)
  assert.ok(body.length > 19e6, `${body.length} bytes`)
  assert.equal(block.length, 100_000)
  assert.ok(blockBytes(block) + newSeriesBytes <= capacity, `${blockBytes(block) + newSeriesBytes} of ${capacity}`)
})

for (const [name, type, body, headers, want] of [
  ['damaged protobuf', PROTOBUF, protobuf.subarray(0, 99), {}, [400, 3, /^protobuf: .* at byte \d+$/]],
  ['damaged JSON', JSON_TYPE, json.subarray(0, 99), {}, [400, 3, /^not JSON: /]],
  [
    'odd JSON',
    JSON_TYPE,
    Buffer.from('{"resourceMetrics":1}'),
    {},
    [400, 3, /^JSON: \$\.resourceMetrics must be a list/]
  ],
  ['damaged gzip', PROTOBUF, protobuf, { 'content-encoding': 'gzip' }, [400, 3, /is not gzip/]],
  ['unknown encoding', PROTOBUF, protobuf, { 'content-encoding': 'br' }, [415, 3, /send gzip, deflate, zstd or none/]],
  ['unknown type', 'text/plain', protobuf, {}, [415, 3, /send application\/x-protobuf or application\/json$/]],
  ['too large', PROTOBUF, Buffer.alloc(5000), {}, [413, 3, /larger than 4096 bytes/]],
  ['too large unfolded', JSON_TYPE, gzipSync(Buffer.alloc(5000)), { 'content-encoding': 'gzip' }, [413, 3, /than 4096/]]
] as [string, string, Buffer, Record<string, string>, [number, number, RegExp]][])
  test(`${name}: ${want[0]}`, async t => {
    const weir = await running(t, { max_body_size: '4KiB' })
    const response = await post(weir.url, body, type, headers)
    const { code, message } = await status(response)
    assert.deepEqual([response.status, code], want.slice(0, 2))
    assert.match(message, want[2])
    assert.equal(books(weir).received, 0)
  })

test('wrong methods and wrong paths', async t => {
  const { url } = await running(t)
  const got = await fetch(url)
  assert.deepEqual([got.status, got.headers.get('allow')], [405, 'POST'])
  assert.deepEqual(await status(got), { code: 12, message: 'GET is not for /v1/metrics: use POST' })
  for (const path of ['/v1/profiles', '/']) {
    const response = await post(url.replace('/v1/metrics', path), protobuf, PROTOBUF)
    assert.equal(response.status, 404)
    const message = `there is nothing at ${path}: this receiver takes metrics at /v1/metrics and logs at /v1/logs`
    assert.deepEqual(await status(response), { code: 5, message })
  }
})

test('a client that goes away mid-body leaves nothing behind', async t => {
  const weir = await running(t)
  const headers = { 'content-type': PROTOBUF, 'content-length': protobuf.length }
  const outgoing = request(weir.url, { method: 'POST', headers }).on('error', () => {})
  outgoing.write(protobuf.subarray(0, 100))
  await until(() => weir.context.credits.used > 0)
  outgoing.destroy()
  await until(() => weir.context.credits.used === 0)
  await post(weir.url, protobuf, PROTOBUF)
  assert.equal(books(weir).received, 8)
})

test('stop completes batches$, lets open requests finish and takes no more', async (t: NodeTest) => {
  const weir = await running(t)
  const { promise: held, resolve: hold } = Promise.withResolvers<() => void>()
  weir.settle = batch => hold(() => batch.ack())
  const answer = post(weir.url, protobuf, PROTOBUF)
  const settle = await held
  const late = request(weir.url, { method: 'POST', headers: { 'content-type': PROTOBUF } })
  late.flushHeaders()
  await once(late, 'socket')
  await until(() => late.socket?.connecting === false)
  await new Promise(setImmediate)
  let completed = false
  weir.receiver.batches$.subscribe({ complete: () => (completed = true) })
  const stopped = weir.receiver.stop(NEVER)
  assert.equal(completed, true)
  late.end(protobuf)
  const [response] = await once(late, 'response')
  assert.equal(response.statusCode, 503)
  response.resume()
  settle()
  assert.equal((await answer).status, 200)
  await stopped
  assert.deepEqual(books(weir), { received: 8, sent: 8, refused: 0, dropped: {} })
})

test('a port taken says so', async t => {
  const { receiver } = await running(t)
  const config = testConfig(plugin, { protocols: { http: { endpoint: receiver.httpAddress } } })
  const second = new OtlpReceiver(config, testContext())
  await assert.rejects(second.start(), { code: 'PORT_IN_USE' })
  await second.stop(NEVER)
})

test('the defaults are those of the collector; gRPC listens only if it is named', () => {
  const own = { endpoint: '127.0.0.1:4318', max_body_size: 20 * 2 ** 20, cors_allowed_origins: [] }
  const http = { ...own, ...DEFAULT_CONNECTION_LIMITS }
  assert.deepEqual(testConfig(plugin).protocols, { http })
  assert.deepEqual(testConfig(plugin, { protocols: { http: null } }).protocols, { http })
  const { read_header_timeout: _, ...limits } = DEFAULT_CONNECTION_LIMITS
  const grpc = { endpoint: '127.0.0.1:4317', max_recv_msg_size: 20 * 2 ** 20, ...limits }
  assert.deepEqual(testConfig(plugin, { protocols: { grpc: null } }).protocols, { grpc })
  assert.deepEqual(testConfig(plugin, { protocols: { http: {}, grpc: {} } }).protocols, { http, grpc })
})

test('no protocol at all is a mistake', () => {
  assert.throws(
    () => testConfig(plugin, { protocols: {} }),
    /protocols: no protocol is named: add http:, grpc: or both/
  )
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate)
}

test('exemplars are events that come after their points, which are not sent again for their sake', async t => {
  const harness = await running(t)
  const { url, blocks, context } = harness
  const exemplars = [{ asDouble: 0.5, traceId: '0af7651916cd43dd8448eb211c80319c' }]
  const metric = { name: 'm', gauge: { dataPoints: [{ asInt: '1', exemplars }] } }
  const body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] })
  const post = async () => {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': JSON_TYPE }, body })
    assert.deepEqual([response.status, await response.json()], [200, {}])
    return blocks.splice(0).map(({ type }) => type)
  }
  assert.deepEqual(await post(), ['points', 'events'])
  const none = new WeirError('NO_PIPELINE', 'no pipeline takes events')
  harness.settle = batch => (batch.block.type === 'events' ? batch.nack(none) : batch.ack())
  assert.deepEqual(await post(), ['points', 'events'])
  assert.deepEqual(await post(), ['points'])
  // A reload may have brought a pipeline.
  context.clock.advance(60_000)
  harness.settle = batch => batch.ack()
  assert.deepEqual(await post(), ['points', 'events'])
  assert.deepEqual(
    ['exemplars_total', 'written_exemplars_total'].map(name => context.counters.get(name)),
    [4, 2]
  )
})
