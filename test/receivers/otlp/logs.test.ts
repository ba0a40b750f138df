import assert from 'node:assert/strict'
import { type TestContext as NodeTest, test } from 'node:test'
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js'
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer'
import { WeirError } from '../../../core/errors.ts'
import { decodeLogs } from '../../../core/wire/otlp/logs-decoder.ts'
import { sdkLogs } from '../../core/wire/otlp/sdk-logs.ts'
import { attribute, message, text } from '../../core/wire/protobuf/fields.ts'
import { type Running, running } from './harness.ts'

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'
const LOGS = '/opentelemetry.proto.collector.logs.v1.LogsService/Export'
const TRACES = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const protobuf = Buffer.from(ProtobufLogsSerializer.serializeRequest(sdkLogs())!)
const json = Buffer.from(JsonLogsSerializer.serializeRequest(sdkLogs())!)
/** Two records, one of which has an attribute that is too long. */
const oneBad = message(1, message(2, message(2, attribute(6, 'a', 'x'.repeat(9000))), message(2, text(3, 'INFO'))))

function post({ url }: Running, body: Buffer, type: string, path = '/v1/logs'): Promise<Response> {
  const headers = { 'content-type': type }
  return fetch(new URL(path, url), { method: 'POST', body: new Uint8Array(body), headers })
}

function call(t: NodeTest, { grpc }: Running, body: Buffer, path = LOGS) {
  const client = new Client(grpc, credentials.createInsecure())
  t.after(() => client.close())
  const same = (bytes: Buffer) => bytes
  return new Promise<{ error: ServiceError | null; response: Buffer | undefined }>(resolve =>
    client.makeUnaryRequest(path, same, same, body, (error, response) => resolve({ error, response }))
  )
}

test('the events are the same by every way', async t => {
  const weir = await running(t)
  assert.equal((await post(weir, protobuf, PROTOBUF)).status, 200)
  assert.equal((await post(weir, json, JSON_TYPE)).status, 200)
  assert.equal((await call(t, weir, protobuf)).error, null)
  const { block } = decodeLogs(protobuf, 0)
  assert.equal(block.length, 3)
  assert.deepEqual(weir.blocks, [block, block, block])
  const { account, credits } = weir.context
  assert.deepEqual([account.sent, account.imbalance, credits.used], [9, 0, 0])
})

test('records rejected one by one: partial success with their number, and the ledger knows', async t => {
  const weir = await running(t)
  const overHttp = Buffer.from(await (await post(weir, oneBad, PROTOBUF)).arrayBuffer())
  const { response } = await call(t, weir, oneBad)
  for (const bytes of [overHttp, response!]) {
    const { partialSuccess } = ProtobufLogsSerializer.deserializeResponse(bytes)
    assert.equal(Number(partialSuccess!.rejectedLogRecords), 1)
    assert.match(partialSuccess!.errorMessage!, /^1 log record with a value of an attribute longer than/)
  }
  const records = [{ attributes: [{ key: 'a', value: { stringValue: 'x'.repeat(9000) } }] }]
  const body = Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] }))
  const { partialSuccess } = (await (await post(weir, body, JSON_TYPE)).json()) as { partialSuccess: object }
  assert.deepEqual(Object.keys(partialSuccess), ['rejectedLogRecords', 'errorMessage'])
  assert.equal(weir.context.account.dropped.get('value_too_long'), 3)
  assert.equal(weir.context.account.imbalance, 0)
})

test('logs that no pipeline takes: 404 and UNIMPLEMENTED say what to configure', async t => {
  const weir = await running(t)
  weir.settle = batch => batch.nack(new WeirError('NO_PIPELINE', 'no pipeline of otlp takes events: give it one'))
  const response = await post(weir, json, JSON_TYPE)
  assert.equal(response.status, 404)
  assert.match(((await response.json()) as { message: string }).message, /^no pipeline of otlp takes events/)
  const { error } = await call(t, weir, protobuf)
  assert.deepEqual(
    [error!.code, error!.details],
    [status.UNIMPLEMENTED, 'no pipeline of otlp takes events: give it one']
  )
})

test('traces are refused by every way, and logged once for a client', async t => {
  const weir = await running(t)
  const warnings: unknown[] = []
  weir.context.log.warn = (...line: unknown[]) => void warnings.push(line[1])
  for (let i = 0; i < 2; i++) {
    const response = await post(weir, json, JSON_TYPE, '/v1/traces')
    assert.equal(response.status, 404)
    assert.match(((await response.json()) as { message: string }).message, /not traces: set OTEL_TRACES_EXPORTER=none/)
    const { error } = await call(t, weir, Buffer.alloc(0), TRACES)
    assert.equal(error!.code, status.UNIMPLEMENTED)
    assert.match(error!.details, /not traces: set OTEL_TRACES_EXPORTER=none/)
  }
  assert.equal(warnings.length, 1)
})
