import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import pino from 'pino'
import { LOOK_MS } from '../../../core/http/access/reloaded-file.ts'
import { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS } from '../../../core/http/connection-limits.ts'
import { parseEndpoint } from '../../../core/http/endpoint.ts'
import { HttpServer } from '../../../core/http/server.ts'
import { ServerCertificate, type TlsConfig } from '../../../core/http/tls.ts'
import { FakeClock } from '../../../sdk/plugin/testing.ts'
import { filesOf, makeAuthority, makeCertificate } from '../../servers/certificates.ts'

const authority = await makeAuthority()
const own = await makeCertificate(authority, 'first')
const client = await makeCertificate(authority, 'client')
const never = new AbortController().signal

async function serving(
  t: TestContext,
  clock: FakeClock,
  config: Omit<TlsConfig, 'min_version'>,
  limits?: ConnectionLimits
): Promise<HttpServer> {
  const host = { clock, log: pino({ level: 'silent' }) }
  const certificate = new ServerCertificate({ min_version: '1.2', ...config }, host)
  const server = new HttpServer('127.0.0.1:0', (_request, response) => response.end('here'), { certificate, limits })
  await server.start()
  t.after(() => server.stop(AbortSignal.abort()))
  assert.equal(server.scheme, 'https')
  return server
}

/** The body, and the name in the server's certificate. */
function get({ address }: HttpServer, credentials: object = {}): Promise<{ body: string; name: string }> {
  const options = { agent: new Agent({ keepAlive: false }), ca: authority.certificate, ...credentials }
  return new Promise((resolve, reject) => {
    request(`https://${address}/`, options, response => {
      const name = String((response.socket as TLSSocket).getPeerCertificate().subject.CN)
      let body = ''
      response.on('data', chunk => (body += chunk)).on('end', () => resolve({ body, name }))
    })
      .on('error', reject)
      .end()
  })
}

test('a server with a certificate talks TLS alone', async t => {
  const file = filesOf(t, { cert: own.certificate, key: own.key })
  const server = await serving(t, new FakeClock(), { cert_file: file('cert'), key_file: file('key') })
  assert.deepEqual(await get(server), { body: 'here', name: 'first' })
  await assert.rejects(fetch(`http://${server.address}/`))
})

test('with client_ca_file clients need a certificate by that authority', async t => {
  const file = filesOf(t, { cert: own.certificate, key: own.key, ca: authority.certificate })
  const config = { cert_file: file('cert'), key_file: file('key'), client_ca_file: file('ca') }
  const server = await serving(t, new FakeClock(), config)
  await assert.rejects(get(server))
  const stranger = await makeCertificate(await makeAuthority('another'))
  await assert.rejects(get(server, { cert: stranger.certificate, key: stranger.key }))
  assert.equal((await get(server, { cert: client.certificate, key: client.key })).body, 'here')
})

test('changed files are used for new connections, once both are there', async t => {
  const clock = new FakeClock()
  const file = filesOf(t, { cert: own.certificate, key: own.key })
  const server = await serving(t, clock, { cert_file: file('cert'), key_file: file('key') })
  const next = await makeCertificate(authority, 'second')
  writeFileSync(file('cert'), next.certificate)
  clock.advance(LOOK_MS)
  assert.equal((await get(server)).name, 'first')
  writeFileSync(file('key'), next.key)
  clock.advance(LOOK_MS)
  assert.equal((await get(server)).name, 'second')
})

test('files that are missing or do not go together are an error of the configuration', async t => {
  const file = filesOf(t, { cert: own.certificate, key: client.key })
  const host = { clock: new FakeClock(), log: pino({ level: 'silent' }) }
  const tls = (cert: string) =>
    new ServerCertificate({ cert_file: file(cert), key_file: file('key'), min_version: '1.2' }, host)
  assert.throws(() => tls('cert'), { code: 'CONFIG_INVALID', message: /key values mismatch/ })
  assert.throws(() => tls('none'), { code: 'CONFIG_INVALID', message: /none: ENOENT/ })
})

test('an empty file of authorities does not let in clients of public authorities, nor an empty certificate take the place of a good one', async t => {
  const clock = new FakeClock()
  const file = filesOf(t, { cert: own.certificate, key: own.key, ca: authority.certificate, empty: '' })
  const files = { cert_file: file('cert'), key_file: file('key'), client_ca_file: file('ca') }
  const host = { clock, log: pino({ level: 'silent' }) }
  const cut = authority.certificate.trimEnd().slice(0, -30)
  for (const [text, message] of [
    ['', /it holds no certificate/],
    ['garbage', /it holds no certificate/],
    [cut, /it holds no certificate/],
    [`${authority.certificate}\n${cut}`, /ends within a certificate/]
  ] as const) {
    writeFileSync(file('empty'), text)
    for (const name of ['cert_file', 'client_ca_file'])
      assert.throws(() => new ServerCertificate({ min_version: '1.2', ...files, [name]: file('empty') }, host), {
        code: 'CONFIG_INVALID',
        message
      })
  }
  writeFileSync(file('empty'), '')
  assert.throws(() => new ServerCertificate({ min_version: '1.2', ...files, key_file: file('empty') }, host), {
    code: 'CONFIG_INVALID',
    message: /it holds no private key/
  })
  const server = await serving(t, clock, files)
  for (const name of ['cert', 'key', 'ca']) writeFileSync(file(name), '')
  clock.advance(LOOK_MS)
  assert.equal((await get(server, { cert: client.certificate, key: client.key })).name, 'first')
  await assert.rejects(get(server))
})

/** A connection on which no handshake begins. */
async function silentConnection(t: TestContext, { address }: { readonly address: string }) {
  const { host, port } = parseEndpoint(address)
  const socket = connect(port, host).resume()
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

test('a client that never begins its handshake is closed after read_header_timeout', { timeout: 10_000 }, async t => {
  const file = filesOf(t, { cert: own.certificate, key: own.key })
  const limits = { ...DEFAULT_CONNECTION_LIMITS, read_header_timeout: 100 }
  const server = await serving(t, new FakeClock(), { cert_file: file('cert'), key_file: file('key') }, limits)
  await once(await silentConnection(t, server), 'close')
})

test('a stop does not wait for a client that has not begun its handshake', { timeout: 5000 }, async t => {
  const file = filesOf(t, { cert: own.certificate, key: own.key })
  const server = await serving(t, new FakeClock(), { cert_file: file('cert'), key_file: file('key') })
  const silent = await silentConnection(t, server)
  assert.equal((await get(server)).body, 'here')
  await Promise.all([server.stop(never), once(silent, 'close')])
})
