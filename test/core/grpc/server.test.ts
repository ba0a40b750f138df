import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { type TestContext as NodeTest, test } from 'node:test'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { BadInputError } from '../../../core/errors.ts'
import { GrpcServer, type UnaryHandler } from '../../../core/grpc/server.ts'
import { ServerEvents } from '../../../core/http/connection-events.ts'
import { RequestError, unavailable } from '../../../core/http/request-error.ts'
import { type TestContext, testContext } from '../../../sdk/plugin/testing.ts'
import { filesOf, makeAuthority, makeCertificate } from '../../servers/certificates.ts'

const ECHO = '/test.Echo/Echo'
const MAX_BYTES = 64 * 1024
const LIMITS = { read_timeout: 60_000, idle_timeout: 60_000, max_connections_per_address: 4 }
const NEVER = new AbortController().signal

interface Running {
  readonly context: TestContext
  readonly server: GrpcServer
  readonly url: string
}

async function running(t: NodeTest, handler: UnaryHandler = echo, limits: object = {}): Promise<Running> {
  const context = testContext()
  const options = { endpoint: '127.0.0.1:0', max_recv_msg_size: MAX_BYTES, ...LIMITS, ...limits }
  const service = {
    methods: new Map([[ECHO, handler]]),
    elsewhere: ({ path }: { path: string }) => new RequestError(404, `no ${path}`)
  }
  const server = new GrpcServer(options, service, context, new ServerEvents(context))
  await server.start()
  t.after(() => server.stop(AbortSignal.abort()))
  return { context, server, url: `http://${server.address}` }
}

const echo: UnaryHandler = async (message, permit) => {
  permit.release()
  return message
}

/** The library's client, as the OpenTelemetry SDK for JavaScript has it. */
function call(t: NodeTest, { server }: Running, message: Buffer, path = ECHO, options: object = {}) {
  const client = new Client(server.address, credentials.createInsecure(), {
    'grpc.default_compression_algorithm': 0,
    ...options
  })
  t.after(() => client.close())
  const same = (bytes: Buffer) => bytes
  return new Promise<{ answer?: Buffer; error?: ServiceError }>(resolve =>
    client.makeUnaryRequest(path, same, same, message, new Metadata(), options, (error, answer) =>
      resolve(error === null ? { answer } : { error })
    )
  )
}

/** A call on the wire: headers, trailers and bytes of the answer. */
async function raw(t: NodeTest, { url }: Running, body: Buffer | undefined, headers: object = {}) {
  const session = connect(url)
  t.after(() => session.destroy())
  return answerOf(begin(session, headers), body)
}

function begin(session: ClientHttp2Session, headers: object = {}): ClientHttp2Stream {
  const usual = { ':method': 'POST', ':path': ECHO, 'content-type': 'application/grpc', te: 'trailers' }
  return session.request({ ...usual, ...headers })
}

async function answerOf(stream: ClientHttp2Stream, body: Buffer | undefined) {
  const answer: Record<string, unknown> = {}
  const bytes: Buffer[] = []
  stream.on('response', headers => Object.assign(answer, headers))
  stream.on('trailers', headers => Object.assign(answer, headers))
  stream.on('data', (chunk: Buffer) => bytes.push(chunk))
  stream.end(body)
  await once(stream, 'close')
  return { status: answer['grpc-status'], answer, bytes: Buffer.concat(bytes) }
}

function framed(message: Buffer, isCompressed = false): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = Number(isCompressed)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

/** The delay in google.rpc.RetryInfo, in seconds. */
function retryDelay(details: Buffer): number {
  const type = details.indexOf('type.googleapis.com/google.rpc.RetryInfo')
  assert.ok(type > 0)
  // Any.value, RetryInfo.retry_delay, Duration.seconds.
  const after = details.subarray(type + 'type.googleapis.com/google.rpc.RetryInfo'.length)
  assert.deepEqual([...after.subarray(0, 5)], [0x12, 4, 0x0a, 2, 0x08])
  return after[5]
}

for (const [encoding, compress] of [
  ['identity', (bytes: Buffer) => bytes],
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['zstd', zstdCompressSync]
] as const)
  test(`a message, ${encoding}`, async t => {
    const weir = await running(t)
    const message = Buffer.from('so many points '.repeat(100))
    const body = framed(compress(message), encoding !== 'identity')
    const { status, answer, bytes } = await raw(t, weir, body, { 'grpc-encoding': encoding })
    assert.deepEqual([status, bytes], ['0', framed(message)])
    assert.equal(answer['grpc-accept-encoding'], 'gzip, deflate, zstd')
    assert.equal(weir.context.credits.used, 0)
  })

test("the library's client: empty, large and compressed messages", async t => {
  const weir = await running(t)
  for (const message of [Buffer.alloc(0), Buffer.alloc(MAX_BYTES - 5, 7)])
    for (const algorithm of [0, 2]) {
      const { answer } = await call(t, weir, message, ECHO, { 'grpc.default_compression_algorithm': algorithm })
      assert.deepEqual(answer, message)
    }
})

for (const [name, thrown, code, delay] of [
  ['bad input', new BadInputError('at byte 3'), status.INVALID_ARGUMENT, undefined],
  ['too large', new RequestError(413, 'send less'), status.INVALID_ARGUMENT, undefined],
  ['who is that', new RequestError(401, 'no token'), status.UNAUTHENTICATED, undefined],
  ['not for you', new RequestError(403, 'not yours'), status.PERMISSION_DENIED, undefined],
  ['too many', new RequestError(429, 'slower', { 'retry-after': '7' }), status.RESOURCE_EXHAUSTED, 7],
  ['too many, no time given', new RequestError(429, 'slower'), status.RESOURCE_EXHAUSTED, 3],
  ['overloaded', unavailable('later'), status.UNAVAILABLE, 3],
  ['a fault', new TypeError('a bug'), status.UNAVAILABLE, 3]
] as const)
  test(`${name}: code ${code}${delay === undefined ? '' : `, again in ${delay} s`}`, async t => {
    const weir = await running(t, async (_message, permit) => {
      permit.release()
      throw thrown
    })
    const { error } = await call(t, weir, Buffer.from('x'))
    assert.equal(error!.code, code)
    const [details] = error!.metadata.get('grpc-status-details-bin') as (Buffer | undefined)[]
    assert.equal(details && retryDelay(details), delay)
    assert.equal(weir.context.counters.get('refused_requests_total'), 1)
    if (name !== 'a fault') assert.equal(error!.details, thrown.message)
  })

test('a message in any language arrives as it is', async t => {
  const weir = await running(t, async (_message, permit) => {
    permit.release()
    throw new RequestError(400, 'metric "größe%", 90 % \ud83d\ude00\n')
  })
  const { error } = await call(t, weir, Buffer.alloc(0))
  assert.equal(error!.details, 'metric "größe%", 90 % \ud83d\ude00\n')
})

test('another method is UNIMPLEMENTED', async t => {
  const { error } = await call(t, await running(t), Buffer.alloc(0), '/test.Echo/Other')
  assert.deepEqual([error!.code, error!.details], [status.UNIMPLEMENTED, 'no /test.Echo/Other'])
})

for (const [name, body, headers, code, message] of [
  ['no message', Buffer.alloc(0), {}, '3', /no message/],
  ['a prefix cut off', Buffer.alloc(3), {}, '3', /no message, only 3 bytes/],
  ['a message cut off', framed(Buffer.alloc(9)).subarray(0, 9), {}, '3', /have 9 bytes, but 4 came: it was cut off/],
  ['two messages', Buffer.concat([framed(Buffer.alloc(2)), framed(Buffer.alloc(2))]), {}, '3', /one message in a call/],
  ['damaged gzip', framed(Buffer.from('no'), true), { 'grpc-encoding': 'gzip' }, '3', /not gzip as grpc-encoding says/],
  ['compressed, not saying how', framed(Buffer.from('no'), true), {}, '3', /does not say how/],
  ['an unknown encoding', framed(Buffer.alloc(1), true), { 'grpc-encoding': 'br' }, '12', /send gzip, deflate, zstd/],
  ['too large', framed(Buffer.alloc(MAX_BYTES)), {}, '3', /larger than 65536 bytes .* raise max_recv_msg_size$/],
  ['too large unfolded', framed(gzipSync(Buffer.alloc(MAX_BYTES + 1)), true), { 'grpc-encoding': 'gzip' }, '3', /65536/]
] as const)
  test(`${name}: ${code}`, async t => {
    const weir = await running(t)
    const { answer } = await raw(t, weir, body, headers)
    assert.equal(answer['grpc-status'], code)
    assert.match(decodeURIComponent(String(answer['grpc-message'])), message)
    assert.equal(weir.context.credits.used, 0)
  })

test('what is no call of gRPC is answered as HTTP', async t => {
  const weir = await running(t)
  const json = await raw(t, weir, Buffer.from('{}'), { 'content-type': 'application/json' })
  assert.equal(json.answer[':status'], constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE)
  const get = await raw(t, weir, undefined, { ':method': 'GET' })
  assert.equal(get.answer[':status'], constants.HTTP_STATUS_METHOD_NOT_ALLOWED)
})

test('credits are bought as bytes come; without credits it is UNAVAILABLE before the message is there', async t => {
  const weir = await running(t)
  const { credits } = weir.context
  const session = connect(weir.url)
  t.after(() => session.destroy())
  const stream = begin(session)
  stream.write(framed(Buffer.alloc(50_000)).subarray(0, 40_000))
  while (credits.used < 40_000) await new Promise(setImmediate)
  const held = credits.tryTake(credits.capacity - credits.used)!
  const answer = once(stream, 'response')
  stream.write(Buffer.alloc(1))
  const [headers] = await answer
  assert.equal(headers['grpc-status'], '14')
  held.release()
  assert.equal(credits.used, 0)
})

test('a call that is reset half-way gives its credits back', async t => {
  const weir = await running(t)
  const { credits } = weir.context
  const session = connect(weir.url)
  t.after(() => session.destroy())
  for (const code of [constants.NGHTTP2_CANCEL, constants.NGHTTP2_NO_ERROR]) {
    const stream = begin(session)
    stream.on('error', () => {})
    stream.write(framed(Buffer.alloc(50_000)).subarray(0, 40_000))
    while (credits.used < 40_000) await new Promise(setImmediate)
    stream.close(code)
    while (credits.used > 0) await new Promise(setImmediate)
  }
})

test('a call that comes too slowly is UNAVAILABLE after read_timeout', async t => {
  const weir = await running(t)
  const session = connect(weir.url)
  t.after(() => session.destroy())
  const stream = begin(session)
  stream.write(framed(Buffer.alloc(9)).subarray(0, 9))
  while (weir.context.credits.used < 9) await new Promise(setImmediate)
  const answer = once(stream, 'response')
  weir.context.clock.advance(LIMITS.read_timeout)
  const [headers] = await answer
  assert.equal(headers['grpc-status'], '14')
  assert.equal(weir.context.counters.get('timed_out_connections_total'), 1)
  while (weir.context.credits.used > 0) await new Promise(setImmediate)
})

test('a call is answered DEADLINE_EXCEEDED after the time that its client set, and not a second time', async t => {
  const { promise: begun, resolve: hold } = Promise.withResolvers<() => void>()
  const weir = await running(t, (message, permit) => {
    permit.release()
    return new Promise(resolve => hold(() => resolve(message)))
  })
  const answer = raw(t, weir, framed(Buffer.from('x')), { 'grpc-timeout': '90S' })
  const finish = await begun
  weir.context.clock.advance(90_000)
  finish()
  assert.equal((await answer).status, '4')
})

test('stop lets calls in flight finish, refuses later ones, and then closes the connections', async t => {
  const { promise: begun, resolve: hold } = Promise.withResolvers<() => void>()
  const weir = await running(t, (message, permit) => {
    permit.release()
    return new Promise(resolve => hold(() => resolve(message)))
  })
  const session = connect(weir.url)
  const answer = answerOf(begin(session), framed(Buffer.from('x')))
  const finish = await begun
  const gone = once(session, 'goaway')
  const stopped = weir.server.stop(NEVER)
  await gone
  finish()
  assert.deepEqual((await answer).bytes, framed(Buffer.from('x')))
  await Promise.all([stopped, once(session, 'close')])
  const { error } = await call(t, weir, Buffer.alloc(0))
  assert.equal(error!.code, status.UNAVAILABLE)
})

test('a stop that may not wait ends the calls', async t => {
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  const weir = await running(t, async (_message, permit) => {
    permit.release()
    resolve()
    return new Promise(() => {})
  })
  const answer = call(t, weir, Buffer.alloc(0))
  await begun
  await weir.server.stop(AbortSignal.abort())
  assert.equal((await answer).error!.code, status.UNAVAILABLE)
})

test('connections beyond max_connections_per_address are closed and counted', async t => {
  const weir = await running(t, echo, { max_connections_per_address: 1 })
  const first = connect(weir.url)
  t.after(() => first.destroy())
  await once(first, 'remoteSettings')
  const second = connectTcp(Number(weir.server.address.split(':')[1]), '127.0.0.1')
  second.on('error', () => {})
  await once(second, 'close')
  assert.equal(weir.context.counters.get('refused_connections_total'), 1)
})

test('a client that speaks no HTTP/2 harms nobody', async t => {
  const weir = await running(t)
  const client = connectTcp(Number(weir.server.address.split(':')[1]), '127.0.0.1')
  client.on('error', () => {}).resume()
  client.end('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(3))
  await once(client, 'close')
  assert.deepEqual((await call(t, weir, Buffer.from('x'))).answer, Buffer.from('x'))
})

test('a stop does not wait for a client that has not begun its TLS handshake', { timeout: 5000 }, async t => {
  const own = await makeCertificate(await makeAuthority())
  const file = filesOf(t, { cert: own.certificate, key: own.key })
  const { server } = await running(t, echo, {
    tls: { cert_file: file('cert'), key_file: file('key'), min_version: '1.2' }
  })
  const silent = connectTcp(Number(server.address.split(':')[1]), '127.0.0.1').resume()
  await once(silent, 'connect')
  await Promise.all([server.stop(NEVER), once(silent, 'close')])
})

test('an idle connection is told to go; one with a call is not', async t => {
  const { promise: begun, resolve: hold } = Promise.withResolvers<() => void>()
  const weir = await running(
    t,
    (message, permit) => {
      permit.release()
      return new Promise(resolve => hold(() => resolve(message)))
    },
    { idle_timeout: 50 }
  )
  const session = connect(weir.url)
  const answer = answerOf(begin(session), framed(Buffer.from('x')))
  const finish = await begun
  const idle = connect(weir.url)
  await once(idle, 'goaway')
  finish()
  assert.equal((await answer).status, '0')
  await once(session, 'close')
})

test('a client that breaks the connection right behind its call harms nobody', async t => {
  const weir = await running(t)
  // Both in one packet, for the server reads the call and the end of the connection together.
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
  const block = Buffer.from([
    ...[0x83, 0x86, 0x44, ECHO.length, ...Buffer.from(ECHO)],
    ...[0x5f, 16, ...Buffer.from('application/grpc')]
  ])
  const headers = Buffer.concat([Buffer.from([0, 0, block.length, 1, 4, 0, 0, 0, 1]), block])
  // A frame of headers on the connection itself, which is an error that ends it.
  const broken = Buffer.from([0, 0, 0, 1, 4, 0, 0, 0, 0])
  for (let i = 0; i < 20; i++) {
    const client = connectTcp(Number(weir.server.address.split(':')[1]), '127.0.0.1')
    client.on('error', () => {}).resume()
    client.write(Buffer.concat([preface, settings, headers, broken]))
    if (i % 2 === 0) client.resetAndDestroy()
    await once(client, 'close')
  }
  assert.deepEqual((await call(t, weir, Buffer.from('x'))).answer, Buffer.from('x'))
  assert.equal(weir.context.credits.used, 0)
})
