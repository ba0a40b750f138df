import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { checkConnectionLimits, DEFAULT_CONNECTION_LIMITS } from '../../../core/http/connection-limits.ts'
import { formatEndpoint, parseEndpoint } from '../../../core/http/endpoint.ts'
import { HttpServer } from '../../../core/http/server.ts'
import { ENDPOINT_PATTERN } from '../../../core/schema/endpoint.ts'

const never = new AbortController().signal

async function listening(listener: (request: IncomingMessage, response: ServerResponse) => void): Promise<HttpServer> {
  const server = new HttpServer('127.0.0.1:0', listener)
  await server.start()
  return server
}

test('endpoints', () => {
  for (const [text, host, port] of [
    ['127.0.0.1:4318', '127.0.0.1', 4318],
    ['localhost:0', 'localhost', 0],
    ['[::1]:65535', '::1', 65_535]
  ] as const) {
    assert.match(text, new RegExp(ENDPOINT_PATTERN))
    assert.deepEqual(parseEndpoint(text), { host, port })
    assert.equal(formatEndpoint({ host, port }), text)
  }
  for (const text of ['4318', ':4318', '127.0.0.1', '127.0.0.1:65536', '::1:80', 'http://a:1', 'a:1/x', 'a b:1'])
    assert.doesNotMatch(text, new RegExp(ENDPOINT_PATTERN))
})

test('answers at the address it tells', async () => {
  const server = await listening((_request, response) => response.end('here'))
  assert.match(server.address, /^127\.0\.0\.1:[1-9]\d+$/)
  assert.equal(await (await fetch(`http://${server.address}/`)).text(), 'here')
  await server.stop(never)
  await assert.rejects(fetch(`http://${server.address}/`).catch(error => Promise.reject(error)))
})

test('a port taken, and an address that is not of this machine', async () => {
  const server = await listening(() => {})
  await assert.rejects(new HttpServer(server.address, () => {}).start(), {
    code: 'PORT_IN_USE',
    message: `cannot listen on ${server.address}: another process does; end it, or set another endpoint here`
  })
  await server.stop(never)
  await assert.rejects(new HttpServer('192.0.2.1:0', () => {}).start(), {
    code: 'COMPONENT_FAILED',
    message: /^cannot listen on 192\.0\.2\.1:0: /
  })
})

test('stop waits for open requests, then closes their connections, and may come twice', async () => {
  const requests: ServerResponse[] = []
  const server = await listening((_request, response) => void requests.push(response))
  const agent = new Agent({ keepAlive: true })
  const answered = once(get(`http://${server.address}/`, { agent }), 'response')
  while (requests.length === 0) await new Promise(setImmediate)
  let stopped = false
  const stopping = server.stop(never).then(() => {
    stopped = true
  })
  await new Promise(setImmediate)
  assert.equal(stopped, false)
  requests[0].end('late')
  const [response] = await answered
  response.resume()
  await Promise.all([stopping, server.stop(never)])
  assert.equal(response.statusCode, 200)
  agent.destroy()
})

test('regression: a request that was answered before it had come in kept a stop waiting for its idle time', async () => {
  const server = await listening((request, response) => {
    request.resume()
    response.end('early')
  })
  const socket = connect(Number(server.address.split(':')[1]), '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nx')
  await once(socket.setEncoding('utf8'), 'data')
  const stopping = server.stop(never)
  socket.write('yz')
  await stopping
})

test('stop ends open requests when told to', async () => {
  const server = await listening(() => stop.abort())
  const stop = new AbortController()
  const failed = assert.rejects(fetch(`http://${server.address}/`))
  await once(stop.signal, 'abort')
  await server.stop(stop.signal)
  await failed
})

test('stop without start', () => new HttpServer('127.0.0.1:0', () => {}).stop(never))

const LIMITS = { ...DEFAULT_CONNECTION_LIMITS, read_header_timeout: 200, read_timeout: 400 }

/** All that the server says on a connection on which `text` is sent, and how long it took, ms. */
async function told(server: HttpServer, text: string): Promise<{ said: string; ms: number }> {
  const begun = performance.now()
  const socket = connect(Number(server.address.split(':')[1]), '127.0.0.1')
  socket.write(text)
  let said = ''
  socket.setEncoding('utf8').on('data', data => (said += data))
  await once(socket, 'close')
  return { said, ms: performance.now() - begun }
}

test('regression: slow and silent requests held a connection for minutes; they are told to come again', async () => {
  let timedOut = 0
  const events = { refused: assert.fail, timedOut: () => timedOut++ }
  const server = new HttpServer('127.0.0.1:0', request => request.resume(), { limits: LIMITS, events })
  await server.start()
  const beginnings = [
    '',
    'POST / HTTP/1.1\r\nHost: a\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc'
  ]
  for (const text of beginnings) {
    const { said, ms } = await told(server, text)
    assert.match(said, /^HTTP\/1\.1 503 Service Unavailable\r\nRetry-After: \d+\r\nConnection: close\r\n\r\n$/, text)
    assert.ok(ms < 5000, `${ms} ms`)
  }
  assert.equal(timedOut, beginnings.length)
  assert.match((await told(server, 'nonsense\r\n\r\n')).said, /^HTTP\/1\.1 400 /)
  await server.stop(AbortSignal.abort())
})

test('a request that waits for its answer is not slow', async () => {
  const server = new HttpServer('127.0.0.1:0', (_, response) => void setTimeout(() => response.end('late'), 1000), {
    limits: LIMITS
  })
  await server.start()
  assert.equal(await (await fetch(`http://${server.address}/`)).text(), 'late')
  await server.stop(never)
})

test('a connection that is kept alive between two requests is not slow', async () => {
  const server = new HttpServer('127.0.0.1:0', (_, response) => response.end('here'), { limits: LIMITS })
  await server.start()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = async () => {
    const [response] = (await once(get(`http://${server.address}/`, { agent }), 'response')) as [IncomingMessage]
    const { localPort } = response.socket
    await response.resume().toArray()
    return localPort
  }
  const first = await ask()
  await new Promise(resolve => setTimeout(resolve, 1000))
  assert.equal(await ask(), first)
  agent.destroy()
  await server.stop(never)
})

test('regression: one address could have any number of connections', async () => {
  const refused: string[] = []
  const limits = { ...DEFAULT_CONNECTION_LIMITS, max_connections_per_address: 2 }
  const events = { refused: (address: string) => void refused.push(address), timedOut: assert.fail }
  let requests = 0
  const answer = (_: IncomingMessage, response: ServerResponse) => {
    requests++
    response.end('here')
  }
  const server = new HttpServer('127.0.0.1:0', answer, { limits, events })
  await server.start()
  const port = Number(server.address.split(':')[1])
  const open = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  await Promise.all(open.map(socket => once(socket, 'connect')))
  const { said } = await told(server, '')
  assert.match(said, /^HTTP\/1\.1 503 Service Unavailable\r\nRetry-After: \d+\r\nConnection: close\r\n\r\n$/)
  assert.deepEqual([refused, requests], [['127.0.0.1'], 0])
  open[0].destroy()
  // The server learns of it a little later.
  const answered = async () => (await fetch(`http://${server.address}/`).catch(() => undefined))?.status === 200
  while (!(await answered())) assert.ok(refused.length < 1000)
  assert.equal(requests, 1)
  open[1].destroy()
  await server.stop(AbortSignal.abort())
})

test('limits of connections that cannot be', () => {
  assert.deepEqual(checkConnectionLimits(DEFAULT_CONNECTION_LIMITS), [])
  const paths = (limits: object) =>
    checkConnectionLimits({ ...DEFAULT_CONNECTION_LIMITS, ...limits }, ['a']).map(({ path }) => path)
  assert.deepEqual(paths({ idle_timeout: 0 }), [['a', 'idle_timeout']])
  assert.deepEqual(paths({ read_header_timeout: 0 }), [['a', 'read_header_timeout']])
})

test('regression: read_timeout alone, below the default of read_header_timeout, was an error', async () => {
  const limits = { ...DEFAULT_CONNECTION_LIMITS, read_timeout: 200 }
  assert.deepEqual(checkConnectionLimits(limits), [])
  const server = new HttpServer('127.0.0.1:0', (_, response) => response.end(), { limits })
  await server.start()
  const socket = connect(Number(new URL(`http://${server.address}`).port), '127.0.0.1')
  const begun = performance.now()
  socket.write('GET / HTTP/1.1\r\n')
  await once(socket.resume(), 'close')
  assert.ok(performance.now() - begun < DEFAULT_CONNECTION_LIMITS.read_header_timeout / 2)
  await server.stop(never)
})

test('it listens before it serves, and while it drains', async () => {
  const requests: ServerResponse[] = []
  const server: HttpServer = new HttpServer('127.0.0.1:0', ({ url }, response) => {
    if (url === '/slow') requests.push(response)
    else response.end(server.phase)
  })
  const ask = async (path: string) => (await fetch(`http://${server.address}${path}`)).text()
  await server.open()
  assert.equal(await ask('/'), 'starting')
  await server.start()
  assert.equal(await ask('/'), 'serving')
  const slow = ask('/slow')
  while (requests.length === 0) await new Promise(setImmediate)
  let isDrained = false
  const drained = server.drain(never).then(() => (isDrained = true))
  assert.equal(await ask('/'), 'draining')
  assert.equal(isDrained, false)
  requests[0].end('late')
  assert.equal(await slow, 'late')
  await drained
  assert.equal(await ask('/'), 'draining')
  await server.stop(never)
  await assert.rejects(ask('/'))
})

test('a request that is never answered ends when the time to drain is over', async () => {
  const { promise: heard, resolve } = Promise.withResolvers<void>()
  const server = await listening(() => resolve())
  const asked = assert.rejects(fetch(`http://${server.address}/`))
  await heard
  const over = new AbortController()
  const drained = server.drain(over.signal)
  over.abort()
  await Promise.all([drained, asked])
  await server.stop(never)
})
