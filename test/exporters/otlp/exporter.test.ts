import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type TestContext as NodeTest, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { GrpcServer, type UnaryHandler } from '../../../core/grpc/server.ts'
import { ServerEvents } from '../../../core/http/connection-events.ts'
import { DEFAULT_CONNECTION_LIMITS } from '../../../core/http/connection-limits.ts'
import { RequestError } from '../../../core/http/request-error.ts'
import { encodeExportResponse, encodeStatus, grpcMethod } from '../../../core/wire/otlp/response.ts'
import { OtlpExporter } from '../../../exporters/otlp/exporter.ts'
import plugin from '../../../exporters/otlp/index.ts'
import type { Block, EventBlock, Outcome, PointBlock } from '../../../sdk/plugin/index.ts'
import { ExportError } from '../../../sdk/plugin/index.ts'
import { ExporterHarness, type TestContext, testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { eventsOf, pointsOf, valuesOf } from '../../core/pipeline/sending-queue/blocks.ts'
import { running } from '../../receivers/otlp/harness.ts'

const NEVER = new AbortController().signal
const PROTOCOLS = ['http/protobuf', 'grpc'] as const

function exporterTo(t: NodeTest, config: Record<string, unknown>): { exporter: OtlpExporter; context: TestContext } {
  const context = testContext('otlp')
  const exporter = new OtlpExporter(testConfig(plugin, config), context)
  t.after(() => exporter.stop())
  return { exporter, context }
}

for (const [protocol, compression] of [
  ['http/protobuf', 'none'],
  ['http/protobuf', 'gzip'],
  ['http/protobuf', 'zstd'],
  ['grpc', 'none'],
  ['grpc', 'gzip']
] as const)
  test(`another Weir gets the same items: ${protocol}, ${compression}`, async t => {
    const weir = await running(t)
    const endpoint = protocol === 'grpc' ? `http://${weir.grpc}` : new URL('/', weir.url).href
    const { exporter, context } = exporterTo(t, { endpoint, protocol, compression })
    // Two requests and a rest.
    const values = Array.from({ length: 10_001 }, (_, i) => i)
    await exporter.export(pointsOf(...values), NEVER)
    await exporter.export(eventsOf(1, 2, 3), NEVER)
    const points = weir.blocks.filter((block): block is PointBlock => block.type === 'points')
    const events = weir.blocks.filter((block): block is EventBlock => block.type === 'events')
    assert.deepEqual(
      points.map(({ length }) => length),
      [5000, 5000, 1]
    )
    assert.deepEqual(points.flatMap(valuesOf), values)
    assert.deepEqual(points[0].series.metricOf(0), pointsOf(1).series.metricOf(0))
    assert.deepEqual(
      events.map(({ name }) => name),
      [['e', 'e', 'e']]
    )
    assert.deepEqual(Object.fromEntries(context.counters), { requests_total: 4, items_total: 10_004 })
    await exporter.probe(NEVER)
  })

/** An HTTP server that answers as `answer` says. */
async function httpServer(t: NodeTest, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => answer(request, response))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function grpcServer(t: NodeTest, handler: UnaryHandler): Promise<string> {
  const context = testContext()
  const options = { ...DEFAULT_CONNECTION_LIMITS, endpoint: '127.0.0.1:0', max_recv_msg_size: 1e6 }
  const service = {
    methods: new Map([[grpcMethod('metrics'), handler]]),
    elsewhere: () => new RequestError(404, 'no such method')
  }
  const server = new GrpcServer(options, service, context, new ServerEvents(context))
  await server.start()
  t.after(() => server.stop(AbortSignal.abort()))
  return `http://${server.address}`
}

async function failureOf(exporter: OtlpExporter, block: Block = pointsOf(1)): Promise<ExportError> {
  const error = await exporter.export(block, NEVER).then(
    () => assert.fail('it was taken'),
    error => error
  )
  assert.ok(ExportError.is(error), String(error))
  return error
}

for (const [status, headers, retryable, retryAfterMs] of [
  [400, {}, false, undefined],
  [401, {}, false, undefined],
  [404, {}, false, undefined],
  [413, {}, false, undefined],
  [500, {}, false, undefined],
  [302, { location: '/' }, false, undefined],
  [429, { 'retry-after': '7' }, true, 7000],
  [502, {}, true, undefined],
  [503, { 'retry-after': '3' }, true, 3000],
  [504, {}, true, undefined]
] as const)
  test(`HTTP ${status}: ${retryable ? 'again' : 'never again'}`, async t => {
    const endpoint = await httpServer(t, (_request, response) => {
      response.writeHead(status, { ...headers, 'content-type': 'application/x-protobuf' })
      response.end(encodeStatus('protobuf', 3, 'what is wrong'))
    })
    const error = await failureOf(exporterTo(t, { endpoint }).exporter)
    assert.deepEqual([error.retryable, error.retryAfterMs], [retryable, retryAfterMs])
    assert.match(error.message, new RegExp(`/v1/metrics answered ${status} .*: what is wrong$`))
    assert.equal(error.reason, retryable ? 'rejected' : 'rejected_by_backend')
  })

for (const [status, headers, retryable, retryAfterMs] of [
  [400, {}, false, undefined],
  [401, {}, false, undefined],
  [403, {}, false, undefined],
  [404, {}, false, undefined],
  [429, { 'retry-after': '7' }, true, 7000],
  [503, {}, true, 3000]
] as const)
  test(`gRPC for ${status}: ${retryable ? 'again' : 'never again'}`, async t => {
    const endpoint = await grpcServer(t, async (_message, permit) => {
      permit.release()
      throw new RequestError(status, 'what is wrong', headers)
    })
    const error = await failureOf(exporterTo(t, { endpoint, protocol: 'grpc' }).exporter)
    assert.deepEqual([error.retryable, error.retryAfterMs], [retryable, retryAfterMs])
    assert.match(error.message, /answered with code \d+: what is wrong$/)
  })

test('gRPC: an unknown service is never again, a closed port and a deadline are', async t => {
  const endpoint = await grpcServer(t, async (_message, permit) => {
    permit.release()
    return new Promise(() => {})
  })
  const { exporter } = exporterTo(t, { endpoint, protocol: 'grpc' })
  assert.equal((await failureOf(exporter, eventsOf(1))).retryable, false)
  const stopped = exporter.export(pointsOf(1), AbortSignal.timeout(50))
  await assert.rejects(stopped, (error: unknown) => ExportError.is(error) && error.retryable)
  const closed = exporterTo(t, { endpoint: 'http://127.0.0.1:1', protocol: 'grpc' })
  assert.equal((await failureOf(closed.exporter)).retryable, true)
})

test('what is sent: path, type, encoding and the own headers', async t => {
  const seen: IncomingMessage[] = []
  const endpoint = await httpServer(t, (request, response) => {
    seen.push(request)
    response.end()
  })
  const headers = { Authorization: 'Bearer t' }
  const { exporter } = exporterTo(t, { endpoint: `${endpoint}/base/`, headers })
  await exporter.export(pointsOf(1), NEVER)
  await exporter.export(eventsOf(1), NEVER)
  assert.deepEqual(
    seen.map(({ method, url }) => `${method} ${url}`),
    ['POST /base/v1/metrics', 'POST /base/v1/logs']
  )
  const { authorization, 'content-type': type, 'content-encoding': encoding, 'user-agent': agent } = seen[0].headers
  assert.deepEqual([authorization, type, encoding, agent], ['Bearer t', 'application/x-protobuf', 'gzip', 'weir'])
})

test('gRPC sends the headers as metadata', async t => {
  let seen: unknown
  const endpoint = await grpcServer(t, async (_message, permit, { metadata }) => {
    permit.release()
    seen = metadata.authorization
    return new Uint8Array()
  })
  const headers = { Authorization: 'Bearer t' }
  await exporterTo(t, { endpoint, protocol: 'grpc', headers }).exporter.export(pointsOf(1), NEVER)
  assert.equal(seen, 'Bearer t')
})

for (const protocol of PROTOCOLS)
  test(`${protocol}: rejected items of a partial success are booked as dropped`, async t => {
    const answer = encodeExportResponse('metrics', 'protobuf', { rejected: 2, message: 'too old' })
    const endpoint =
      protocol === 'grpc'
        ? await grpcServer(t, async (_message, permit) => {
            permit.release()
            return answer
          })
        : await httpServer(t, (_request, response) => {
            response.setHeader('content-type', 'application/x-protobuf').end(answer)
          })
    const { exporter, context } = exporterTo(t, { endpoint, protocol })
    const harness = await new ExporterHarness(exporter, context).start()
    assert.equal((await harness.send(pointsOf(1, 2, 3))).status, 'acked')
    const { account, counters } = context
    assert.deepEqual(
      [account.sent, Object.fromEntries(account.dropped), account.imbalance],
      [1, { rejected_by_backend: 2 }, 0]
    )
    assert.deepEqual([counters.get('rejected_items_total'), counters.get('items_total')], [2, 1])
    await harness.stop()
  })

test('a block that failed half-way goes on with the request that failed', async t => {
  let answers = 0
  const sizes: number[] = []
  const endpoint = await httpServer(t, (request, response) => {
    sizes.push(Number(request.headers['content-length']))
    response.writeHead(++answers === 2 ? 503 : 200).end()
  })
  const { exporter } = exporterTo(t, { endpoint, compression: 'none' })
  const block = pointsOf(...Array.from({ length: 7000 }, (_, i) => i))
  await failureOf(exporter, block)
  await exporter.export(block, NEVER)
  assert.equal(answers, 3)
  assert.ok(sizes[0] > sizes[1] && sizes[1] === sizes[2], String(sizes))
})

test('items before a request that is refused for good are not sent a second time while the bad one is found', async t => {
  const BAD = 12_345
  const bad = Buffer.alloc(8)
  bad.writeDoubleLE(BAD)
  const weir = await running(t)
  const server = createServer(async (request, response) => {
    const body = await buffer(request)
    const refused = body.includes(bad)
    if (!refused) await fetch(weir.url, { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body })
    response.writeHead(refused ? 400 : 200).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const { exporter, context } = exporterTo(t, { endpoint: `http://127.0.0.1:${port}`, compression: 'none' })
  const harness = await new ExporterHarness(exporter, context).start()
  t.after(() => harness.stop())
  const values = Array.from({ length: 16_000 }, (_, i) => i)
  const settled = harness.send(pointsOf(...values))
  let outcome: Outcome | undefined
  void settled.then(ended => (outcome = ended))
  while (outcome === undefined) {
    await harness.advance(1000)
    await setImmediate()
  }
  assert.equal(outcome.status, 'dropped')
  const received = weir.blocks.flatMap(block => valuesOf(block as PointBlock))
  assert.equal(received.length, values.length - 1)
  assert.equal(new Set(received).size, values.length - 1)
  assert.deepEqual([context.account.sent, context.account.imbalance], [15_999, 0])
})

for (const [config, message] of [
  [{ endpoint: 'collector:4317' }, /is not an http:\/\/ or https:\/\/ URL/],
  [{ endpoint: 'http://u:p@collector' }, /use an Authorization header/],
  [{ endpoint: 'http://collector/v1', protocol: 'grpc' }, /gRPC has no path: leave out "\/v1"/],
  [{ endpoint: 'http://collector', protocol: 'grpc', compression: 'zstd' }, /no zstd over gRPC/],
  [{ endpoint: 'http://collector', protocol: 'grpc', headers: { 'x-bin': 'a' } }, /metadata in binary/],
  [{ endpoint: 'http://collector', protocol: 'grpc', headers: { authorization: 'Bearer a\n' } }, /a character that/],
  [{ endpoint: 'http://collector', protocol: 'grpc', headers: { authorization: 'Bearer ä' } }, /a character that/],
  [{ endpoint: 'http://collector', headers: { authorization: 'Bearer a\n' } }, /a character that/],
  [{ endpoint: 'http://collector', headers: { 'a b': 'c' } }, /"a b" is not the name of a header/]
] as const)
  test(`a mistake in the configuration: ${JSON.stringify(config)}`, () => {
    assert.throws(() => testConfig(plugin, config), message)
  })
