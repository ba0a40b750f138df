import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext as Test, test } from 'node:test'
import { promisify } from 'node:util'
import { StatsD } from 'hot-shots'
import { parseEndpoint } from '../../../core/http/endpoint.ts'
import type { PointBlock } from '../../../sdk/plugin/index.ts'
import { requirePython } from '../../servers/python.ts'
import { running, totals, until } from './harness.ts'

// They come without types.
const require = createRequire(import.meta.url)
const NodeStatsD = require('node-statsd')
const Lynx = require('lynx')
const StatsdClient = require('statsd-client')

interface Client {
  readonly host: string
  readonly port: number
}

/**
 * Lets a client send to a receiver.
 * @returns the values that arrived, once there are as many series as are wanted
 */
async function sent(
  t: Test,
  address: string,
  want: Readonly<Record<string, number>>,
  send: (client: Client) => unknown,
  config = {}
): Promise<void> {
  const { context, receiver, batches } = await running(t, { listen: [address], ...config })
  const [transport, rest] = receiver.addresses[0].split('://')
  await send(transport === 'unix' ? { host: rest, port: 0 } : parseEndpoint(rest))
  const seen = () => totals(batches.map(({ block }) => block as PointBlock))
  await until(context, () => Object.entries(want).every(([key, value]) => seen()[key] === value)).catch(() => {})
  assert.deepEqual(seen(), want)
  assert.deepEqual(Object.fromEntries(context.account.dropped), {})
  for (const batch of batches) batch.ack()
}

const UDP = 'udp://127.0.0.1:0'
const TCP = 'tcp://127.0.0.1:0'
const HOT_SHOTS = {
  'hits,app=shop': 105,
  'query,app=shop': 2,
  'users,app=shop': 2,
  'depth,app=shop': 8,
  'level,app=shop': -5
}

function sendByHotShots(client: StatsD): Promise<void> {
  for (let i = 0; i < 100; i++) client.increment('hits')
  client.increment('hits', 5)
  client.timing('query', 1.5)
  client.timing('query', new Date())
  client.set('users', 'ann')
  client.set('users', 'bob')
  client.gauge('depth', 10)
  client.gaugeDelta('depth', -2)
  client.gauge('level', 0)
  client.gauge('level', -5)
  return new Promise((resolve, reject) => client.close(error => (error ? reject(error) : resolve())))
}

const COMMON = { globalTags: { app: 'shop' }, errorHandler: assert.ifError, maxBufferSize: 700 }

test('hot-shots over UDP', t =>
  sent(t, UDP, HOT_SHOTS, ({ host, port }) => sendByHotShots(new StatsD({ host, port, ...COMMON }))))

test('hot-shots over TCP', t =>
  sent(t, TCP, HOT_SHOTS, ({ host, port }) => sendByHotShots(new StatsD({ protocol: 'tcp', host, port, ...COMMON }))))

test('hot-shots over a Unix stream', async t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-statsd-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  await sent(t, `unix://${folder}/weir.sock`, HOT_SHOTS, async ({ host }) => {
    const stream = connect(host)
    await once(stream, 'connect')
    await sendByHotShots(new StatsD({ protocol: 'stream', stream, ...COMMON }))
    stream.end()
  })
})

test('node-statsd', t =>
  sent(
    t,
    UDP,
    { 'a.hits,app=shop,bare=true': 7, 'a.time': 1, 'a.size': 1, 'a.depth': 3.5, 'a.users': 1 },
    async ({ host, port }) => {
      const client = new NodeStatsD(host, port, 'a.')
      client.increment('hits', 8, 1, ['app:shop', 'bare'])
      client.decrement('hits', 1, 1, ['app:shop', 'bare'])
      client.timing('time', 12)
      client.histogram('size', 12)
      client.gauge('depth', 3.5)
      await new Promise(resolve => client.unique('users', 'ann', 1, [], resolve))
      client.close()
    }
  ))

test('lynx', t =>
  sent(t, UDP, { 'a.hits': 4, 'a.other': 4, 'a.time': 1, 'a.depth': 3, 'a.users': 1 }, async ({ host, port }) => {
    const client = new Lynx(host, port, { scope: 'a', on_error: assert.fail })
    client.increment('hits')
    // Several at once are one datagram.
    client.count(['hits', 'other'], 3)
    client.increment('other')
    client.timing('time', 500)
    client.gauge('depth', 3)
    client.set('users', 'ann')
    t.after(() => client.close())
  }))

for (const [name, address] of [
  ['UDP', UDP],
  ['TCP', TCP]
])
  test(`statsd-client over ${name}`, t =>
    sent(
      t,
      address,
      { 'a.hits,app=shop': 6, 'a.time': 1, 'a.size': 1, 'a.depth': 8, 'a.users': 1 },
      ({ host, port }) => {
        const client = new StatsdClient({ host, port, prefix: 'a', tcp: address === TCP })
        client.increment('hits', 7, { app: 'shop' })
        client.decrement('hits', 1, { app: 'shop' })
        client.timing('time', 20)
        client.histogram('size', 20)
        client.gauge('depth', 10)
        client.gaugeDelta('depth', -2)
        client.set('users', 'ann')
        t.after(() => client.close())
      }
    ))

const python = await requirePython('datadog==0.56.0', 'statsd==4.0.1')

const DATADOG = `
import sys
from datadog.dogstatsd.base import DogStatsd
client = DogStatsd(host=sys.argv[1], port=int(sys.argv[2]), constant_tags=['app:shop'], telemetry_min_flush_interval=0,
                   disable_buffering=sys.argv[3] == 'alone')
for _ in range(100): client.increment('hits')
client.decrement('hits', 5)
client.gauge('depth', 3.5)
client.timing('query', 12)
client.histogram('size', 7)
client.distribution('spread', 7)
client.set('users', 'ann')
client.gauge_with_timestamp('then', 5, 1700000000)
client.flush()
client.close_socket()
`
const DATADOG_WANTED = {
  'hits,app=shop': 95,
  'depth,app=shop': 3.5,
  'query,app=shop': 1,
  'size,app=shop': 1,
  'spread,app=shop': 1,
  'users,app=shop': 1,
  'then,app=shop': 5
}

for (const packing of ['alone', 'packed'])
  test(`Python’s datadog, lines ${packing}`, python, async t => {
    const { context, receiver, batches } = await running(t, { listen: [UDP], drop_client_telemetry: true })
    const { host, port } = parseEndpoint(receiver.addresses[0].slice('udp://'.length))
    await promisify(execFile)(python.path, ['-c', DATADOG, host, String(port), packing])
    const seen = () => totals(batches.map(({ block }) => block as PointBlock))
    await until(context, () => Object.keys(seen()).length === Object.keys(DATADOG_WANTED).length)
    assert.deepEqual(seen(), DATADOG_WANTED)
    assert.deepEqual([...context.account.dropped.keys()], ['client_telemetry'])
    for (const batch of batches) batch.ack()
  })

const STATSD = `
import sys, statsd
make = statsd.TCPStatsClient if sys.argv[3] == 'tcp' else statsd.StatsClient
client = make(sys.argv[1], int(sys.argv[2]), prefix='a')
with client.pipeline() as pipe:
    for _ in range(100): pipe.incr('hits')
client.decr('hits', 5)
client.timing('query', 1.5)
client.gauge('depth', 10)
client.gauge('depth', -2, delta=True)
client.gauge('level', -5)
client.set('users', 'ann')
client.close()
`

for (const address of [UDP, TCP])
  test(`Python’s statsd over ${address.slice(0, 3)}`, python, t =>
    sent(t, address, { 'a.hits': 95, 'a.query': 1, 'a.depth': 8, 'a.level': -5, 'a.users': 1 }, ({ host, port }) =>
      promisify(execFile)(python.path, ['-c', STATSD, host, String(port), address.slice(0, 3)])
    )
  )
