import assert from 'node:assert/strict'
import { type TestContext as NodeTest, test } from 'node:test'
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import type { PointBlock } from '../../../sdk/plugin/index.ts'
import { sdkMetrics } from '../../core/wire/otlp/sdk-data.ts'
import { fixed64, message, text } from '../../core/wire/protobuf/fields.ts'
import { type Running, running } from './harness.ts'

const METRICS = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'
const protobuf = Buffer.from(ProtobufMetricsSerializer.serializeRequest(sdkMetrics())!)
// Three gauges, one of them without a value.
const points = [message(1, fixed64(6, 1n)), message(1), message(1, fixed64(6, 2n))]
const oneBad = message(1, message(2, message(2, text(1, 'g'), message(5, ...points))))

interface Answer {
  readonly error: ServiceError | null
  readonly response: Buffer | undefined
}

/** @param path of the method */
function call(t: NodeTest, { grpc }: Running, body: Buffer, path = METRICS): Promise<Answer> {
  const client = new Client(grpc, credentials.createInsecure())
  t.after(() => client.close())
  const same = (bytes: Buffer) => bytes
  return new Promise(resolve =>
    client.makeUnaryRequest(path, same, same, body, new Metadata(), (error, response) => resolve({ error, response }))
  )
}

function books({ context: { account, credits } }: Running) {
  const { received, sent, refused, inFlight, imbalance } = account
  assert.deepEqual([inFlight, imbalance, credits.used], [0, 0, 0])
  return { received, sent, refused, dropped: Object.fromEntries(account.dropped) }
}

test('the points are those of the same bytes over HTTP, and of one series table', async t => {
  const weir = await running(t)
  const { error, response } = await call(t, weir, protobuf)
  assert.deepEqual([error, response], [null, Buffer.alloc(0)])
  const headers = { 'content-type': 'application/x-protobuf' }
  await fetch(weir.url, { method: 'POST', body: new Uint8Array(protobuf), headers })
  const [overGrpc, overHttp] = weir.blocks as PointBlock[]
  assert.equal(overGrpc.length, 8)
  for (const column of ['time', 'start', 'value', 'flags', 'distributions'] as const)
    assert.deepEqual(overGrpc[column], overHttp[column])
  assert.deepEqual(overGrpc.series.ids, overHttp.series.ids)
  assert.deepEqual(books(weir), { received: 16, sent: 16, refused: 0, dropped: {} })
})

test('points rejected one by one: partial success, and the ledger knows', async t => {
  const weir = await running(t)
  const { response } = await call(t, weir, oneBad)
  const { partialSuccess } = ProtobufMetricsSerializer.deserializeResponse(response!)
  assert.equal(Number(partialSuccess!.rejectedDataPoints), 1)
  assert.match(partialSuccess!.errorMessage!, /^1 point with neither an integer nor a double as value/)
  assert.deepEqual(books(weir), { received: 3, sent: 2, refused: 0, dropped: { no_value: 1 } })
})

test('a nacked batch is UNAVAILABLE, and nothing was counted for good', async t => {
  const weir = await running(t)
  weir.settle = batch => batch.nack(new Error('the disk is full'))
  const { error } = await call(t, weir, oneBad)
  assert.deepEqual([error!.code, error!.details], [status.UNAVAILABLE, 'not taken: the disk is full'])
  assert.equal(error!.metadata.get('grpc-status-details-bin').length, 1)
  const { received, refused, dropped } = books(weir)
  assert.deepEqual([received - refused, dropped], [0, {}])
})

test('damaged protobuf is INVALID_ARGUMENT', async t => {
  const weir = await running(t)
  const { error } = await call(t, weir, protobuf.subarray(0, 99))
  assert.equal(error!.code, status.INVALID_ARGUMENT)
  assert.match(error!.details, /^protobuf: .* at byte \d+$/)
})

test('a stopping receiver answers UNAVAILABLE to a call that is still being sent', async t => {
  const weir = await running(t)
  const { promise: held, resolve: hold } = Promise.withResolvers<() => void>()
  weir.settle = batch => hold(() => batch.ack())
  const first = call(t, weir, protobuf)
  const settle = await held
  const stopped = weir.receiver.stop(new AbortController().signal)
  assert.equal((await call(t, weir, protobuf)).error!.code, status.UNAVAILABLE)
  settle()
  assert.equal((await first).error, null)
  await stopped
  assert.equal(books(weir).sent, 8)
})
