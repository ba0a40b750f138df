import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { StatsD } from 'hot-shots'
import { LOOK_MS } from '../../../../core/http/access/reloaded-file.ts'
import { parseEndpoint } from '../../../../core/http/endpoint.ts'
import plugin from '../../../../receivers/statsd/index.ts'
import type { StatsdReceiver } from '../../../../receivers/statsd/receiver.ts'
import type { PointBlock } from '../../../../sdk/plugin/index.ts'
import { testConfig } from '../../../../sdk/plugin/testing.ts'
import { filesOf, makeAuthority, makeCertificate } from '../../../servers/certificates.ts'
import { running, totals, until } from '../harness.ts'

const authority = await makeAuthority()
const own = await makeCertificate(authority, 'first')
const client = await makeCertificate(authority, 'client')

const endpointOf = (receiver: StatsdReceiver) => parseEndpoint(receiver.addresses[0].slice('tcp://'.length))

/** Resolves once the handshake is over for the client. */
async function connected(receiver: StatsdReceiver, credentials: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ ...endpointOf(receiver), ca: authority.certificate, ...credentials })
  await once(socket, 'secureConnect')
  return socket
}

const serverFiles = (file: (name: string) => string) => ({ cert_file: file('cert'), key_file: file('key') })
const options = (tls: object) => ({ listen: ['tcp://127.0.0.1:0'], tls })

test('hot-shots over TLS', async t => {
  const file = filesOf(t, { cert: own.certificate, key: own.key })
  const { context, receiver, batches } = await running(t, options(serverFiles(file)))
  const stream = await connected(receiver)
  const statsd = new StatsD({ protocol: 'stream', stream, errorHandler: assert.ifError })
  statsd.increment('hits', 2)
  await new Promise<void>(resolve => statsd.increment('hits', 3, () => resolve()))
  stream.end()
  const seen = () => totals(batches.map(({ block }) => block as PointBlock))
  await until(context, () => seen().hits === 5)
  for (const batch of batches) batch.ack()
})

test('with client_ca_file, clients without a certificate of that authority are let go and counted', async t => {
  const file = filesOf(t, { cert: own.certificate, key: own.key, ca: authority.certificate })
  const tls = { ...serverFiles(file), client_ca_file: file('ca') }
  const { context, receiver } = await running(t, options(tls), batch => batch.ack())
  const stranger = await makeCertificate(await makeAuthority('another'))
  const failed = () => context.counters.get('failed_handshakes_total') ?? 0
  for (const [i, credentials] of [{}, { cert: stranger.certificate, key: stranger.key }].entries()) {
    const refused = connect({ ...endpointOf(receiver), ca: authority.certificate, ...credentials })
    refused.on('error', () => {}).end('hits:1|c\n')
    await until(context, () => failed() === i + 1)
    refused.destroy()
  }
  const socket = await connected(receiver, { cert: client.certificate, key: client.key })
  socket.end('hits:1|c\n')
  await until(context, () => context.account.sent === 1)
  assert.equal(context.account.received, 1)
})

test('lines that are not encrypted are not read', async t => {
  const file = filesOf(t, { cert: own.certificate, key: own.key })
  const { context, receiver } = await running(t, options(serverFiles(file)))
  const { host, port } = endpointOf(receiver)
  const socket = connectPlain(port, host).on('error', () => {})
  socket.end('hits:1|c\n')
  await until(context, () => context.counters.get('failed_handshakes_total') === 1)
  assert.equal(context.account.received, 0)
})

test('changed files are used for new connections, and those from before go on', async t => {
  const file = filesOf(t, { cert: own.certificate, key: own.key })
  const { context, receiver } = await running(t, options(serverFiles(file)), batch => batch.ack())
  const first = await connected(receiver)
  const next = await makeCertificate(authority, 'second')
  writeFileSync(file('cert'), next.certificate)
  writeFileSync(file('key'), next.key)
  context.clock.advance(LOOK_MS)
  const second = await connected(receiver)
  assert.deepEqual(
    [first, second].map(socket => socket.getPeerCertificate().subject.CN),
    ['first', 'second']
  )
  for (const socket of [first, second]) socket.end('hits:1|c\n')
  await until(context, () => context.account.sent === 2)
})

test('connections in their handshake count for max_connections, and end at the stop', async t => {
  const file = filesOf(t, { cert: own.certificate, key: own.key })
  const { context, receiver } = await running(t, { ...options(serverFiles(file)), max_connections: 1 })
  const { host, port } = endpointOf(receiver)
  const silent = connectPlain(port, host)
  await once(silent, 'connect')
  const further = connectPlain(port, host).on('error', () => {})
  await once(further, 'close')
  assert.equal(context.counters.get('refused_connections_total'), 1)
  await receiver.stop()
  await once(silent.resume(), 'close')
})

test('tls without an address of TCP is an error of the configuration', () => {
  const tls = { cert_file: 'a.pem', key_file: 'b.pem' }
  assert.throws(() => testConfig(plugin, { tls }), /listen has no tcp/)
  assert.throws(() => testConfig(plugin, { tls, listen: ['unix:///run/a.sock'] }), /listen has no tcp/)
})
