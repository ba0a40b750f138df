import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { Sandbox } from './weir-process.ts'

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'
const NDJSON = 'application/x-ndjson'
const GZIP = { 'content-encoding': 'gzip' }
const MAX_BODY_BYTES = 10_240
const tooLarge = Buffer.alloc(MAX_BODY_BYTES + 1, ' ')
const point = { name: 'http_requests', attributes: { route: '/' }, time: Date.now(), value: 1 }
const good = deltaRequest([point])

type Case = [name: string, status: number, type: string, body: Uint8Array | string, headers?: Record<string, string>]

const OTLP: Case[] = [
  ['not protobuf', 400, PROTOBUF, 'not protobuf'],
  ['cut off', 400, PROTOBUF, good.subarray(0, good.length - 3)],
  ['not JSON', 400, JSON_TYPE, '{"resourceMetrics":['],
  ['JSON of another shape', 400, JSON_TYPE, '{"resourceMetrics":{"a":1}}'],
  ['not gzip', 400, PROTOBUF, good, GZIP],
  ['gzip cut off', 400, PROTOBUF, gzipSync(good).subarray(0, 20), GZIP],
  ['too large', 413, PROTOBUF, tooLarge],
  ['too large once it is decompressed', 413, PROTOBUF, gzipSync(tooLarge), GZIP],
  ['another type', 415, 'text/plain', good],
  ['another encoding', 415, PROTOBUF, good, { 'content-encoding': 'br' }]
]

const EVENTS: Case[] = [
  ['not JSON', 400, JSON_TYPE, '{"name":'],
  ['too large', 413, JSON_TYPE, tooLarge],
  ['too large once it is decompressed', 413, JSON_TYPE, gzipSync(tooLarge), GZIP],
  ['not gzip', 400, JSON_TYPE, '{"name":"a"}', GZIP],
  ['a form', 415, 'application/x-www-form-urlencoded', '{"name":"a"}'],
  ['another encoding', 415, JSON_TYPE, '{"name":"a"}', { 'content-encoding': 'br' }],
  ['no event', 400, JSON_TYPE, '7'],
  ['an unknown key', 400, JSON_TYPE, '{"nmae":"a"}'],
  ['no name', 400, JSON_TYPE, '{"value":1}'],
  ['a value that is none', 400, JSON_TYPE, '{"name":"a","value":"1"}'],
  ['a time that is none', 400, JSON_TYPE, '{"name":"a","timestamp":"today"}'],
  ['an id that is none', 400, JSON_TYPE, '{"name":"a","id":1}'],
  ['attributes that are none', 400, JSON_TYPE, '{"name":"a","attributes":[1]}'],
  ['some lines are good', 200, NDJSON, '{"name":"a"}\nnonsense\n{"name":"a"}\n{"name":""}\n']
]

const STATSD: [line: string, reason: string][] = [
  ['nonsense', 'missing_value'],
  [':1|c', 'missing_name'],
  ['a:1', 'missing_type'],
  ['a:1|x', 'unknown_type'],
  ['a:one|c', 'invalid_value'],
  ['a:1|c|@2', 'invalid_rate'],
  ['a:1|c|Tsoon', 'invalid_timestamp'],
  ['_sc|name|9', 'invalid_service_check'],
  ['_sc|name|0', 'no_pipeline']
]

test('bad input is answered, counted, and ends nothing', async t => {
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(CONFIG)
  await postAll(weir.otlp, OTLP)
  await postAll(weir.events, EVENTS)
  for (const url of [weir.otlp, weir.events]) {
    assert.equal(await statusOf(url, { method: 'GET' }), 405)
    assert.equal(await statusOf(`${new URL('/elsewhere', url)}`, { method: 'POST', body: 'x' }), 404)
    await cutOff(url)
  }
  await sendDatagrams(weir.statsdPort, [...STATSD.map(([line]) => line), 'a:1|c', '\u0000\u0001\u0002:::|||', ''])
  // And all three go on.
  assert.equal((await postOtlp(weir.otlp, good)).status, 200)
  await postAll(weir.events, [['good', 200, JSON_TYPE, '{"name":"a"}']])
  await sendDatagrams(weir.statsdPort, ['a:1|c'])
  await eventually('every line is in', async () => {
    return (await weir.component('receiver statsd')).account.received === STATSD.length + 4
  })
  await weir.settled()
  await weir.assertLedger({
    'receiver http': {
      malformed: 2,
      unknown_key: 1,
      bad_name: 2,
      bad_value: 1,
      bad_timestamp: 1,
      bad_id: 1,
      bad_attributes: 1
    },
    'receiver statsd': {
      ...Object.fromEntries(STATSD.map(([, reason]) => [reason, 1])),
      unknown_type: 2,
      empty_datagram: 1
    }
  })
  const sent = async (id: string) => (await weir.component(`receiver ${id}`)).account.sent
  assert.deepEqual([await sent('otlp'), await sent('http'), await sent('statsd')], [1, 3, 2])
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
})

test('points of OTLP that mean nothing are dropped by reason, the others count', async t => {
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(CONFIG)
  const dataPoints = [{ asInt: '1' }, {}]
  const body = JSON.stringify({
    resourceMetrics: [
      {
        scopeMetrics: [
          {
            metrics: [
              { name: 'a', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints } },
              { name: 'b', sum: { isMonotonic: true, dataPoints: [{ asInt: '1' }] } },
              { name: '', gauge: { dataPoints: [{ asInt: '1' }] } }
            ]
          }
        ]
      }
    ]
  })
  const response = await fetch(weir.otlp, { method: 'POST', headers: { 'content-type': JSON_TYPE }, body })
  assert.equal(response.status, 200)
  const { partialSuccess } = (await response.json()) as { partialSuccess: { rejectedDataPoints: string } }
  assert.equal(Number(partialSuccess.rejectedDataPoints), 3)
  const dropped = { no_value: 1, unspecified_temporality: 1, unnamed_metric: 1 }
  await weir.assertLedger({ 'receiver otlp': dropped })
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
})

async function postAll(url: string, cases: readonly Case[]): Promise<void> {
  for (const [name, status, type, body, headers = {}] of cases) {
    const init = { method: 'POST', headers: { 'content-type': type, ...headers }, body: body as string }
    assert.equal(await statusOf(url, init), status, `${url}: ${name}`)
  }
}

async function statusOf(url: string, init: RequestInit): Promise<number> {
  const response = await fetch(url, init)
  await response.arrayBuffer()
  return response.status
}

/** Announces more than it sends, and goes away. */
async function cutOff(url: string): Promise<void> {
  const { port, pathname } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.write(`POST ${pathname} HTTP/1.1\r\nhost: x\r\ncontent-type: ${PROTOBUF}\r\ncontent-length: 500\r\n\r\nhalf`)
  socket.end()
  await new Promise(resolve => socket.on('close', resolve).resume())
}

async function sendDatagrams(port: number, datagrams: readonly string[]): Promise<void> {
  const socket = createSocket('udp4')
  for (const datagram of datagrams)
    await new Promise<void>((resolve, reject) =>
      socket.send(datagram, port, '127.0.0.1', error => (error ? reject(error) : resolve()))
    )
  socket.close()
}

const CONFIG = `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0, max_body_size: 10KiB } } }
  statsd: { endpoint: 127.0.0.1:0 }
  http: { endpoint: 127.0.0.1:0, max_body_size: 10KiB }
exporters:
  debug: { verbosity: none }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    all: { receivers: [otlp, statsd, http], exporters: [debug] }
`
