import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ServiceAccess } from '../../../core/http/access/service-access.ts'
import { DEFAULT_CONNECTION_LIMITS } from '../../../core/http/connection-limits.ts'
import { RequestError } from '../../../core/http/request-error.ts'
import type { HttpServer } from '../../../core/http/server.ts'
import { type Post, type Site, serverOf } from '../../../core/http/site.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'

const never = new AbortController().signal
const SITE: Site = {
  posts: new Map([['/in', async (_request, response) => void response.end('taken')]]),
  elsewhere: () => new RequestError(404, 'use /in'),
  refuse: ({ message }, _request, response) => void response.end(message)
}

function serving(t: TestContext, auth?: string): HttpServer {
  const { log, clock, series } = testContext()
  const authenticators = { apps: { bearer: { tokens: [{ token: 'secret' }] } } }
  const access = new ServiceAccess({ authenticators }, { log, clock, series, thread: 0, threads: 1 })
  const options = { ...DEFAULT_CONNECTION_LIMITS, ...(auth === undefined ? {} : { auth }) }
  const server = serverOf('127.0.0.1:0', SITE, options, { ...testContext(), access })
  t.after(() => server.stop(never))
  return server
}

async function post({ address }: HttpServer, authorization?: string) {
  const headers = authorization === undefined ? {} : { authorization }
  const response = await fetch(`http://${address}/in`, { method: 'POST', headers, body: 'x'.repeat(100_000) })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

test('without credentials a request is refused, and its body not read', async t => {
  const server = serving(t, 'apps')
  await server.start()
  const { status, headers } = await post(server)
  assert.deepEqual([status, headers.get('www-authenticate')], [401, 'Bearer realm="weir"'])
  assert.equal((await post(server, 'Bearer wrong')).status, 401)
  assert.equal((await post(server, 'Bearer secret')).text, 'taken')
})

test('before it serves and while it drains, senders are told to come again', async t => {
  const server = serving(t)
  await server.open()
  const early = await post(server)
  assert.deepEqual([early.status, early.headers.get('retry-after')], [503, '3'])
  assert.match(early.text, /starting/)
  await server.start()
  assert.equal((await post(server)).status, 200)
  await server.drain(never)
  const late = await post(server)
  assert.deepEqual([late.status, late.headers.get('retry-after'), late.headers.get('connection')], [503, '3', 'close'])
  assert.match(late.text, /stopping/)
})

test('a path is the same in other spellings, which Express knows', async t => {
  const server = serving(t)
  await server.start()
  for (const path of ['/in', '/in?trace=1', '/in/', '/IN']) {
    const response = await fetch(`http://${server.address}${path}`, { method: 'POST', body: 'x' })
    assert.deepEqual([path, response.status, await response.text()], [path, 200, 'taken'])
  }
  for (const [method, path, status] of [
    ['GET', '/in', 405],
    ['POST', '/out', 404]
  ] as const)
    assert.equal((await fetch(`http://${server.address}${path}`, { method })).status, status)
})

test('whatever a handler throws is answered or ends the connection, by either way to it', async t => {
  const posts = new Map<string, Post>([
    ['/refused', async () => Promise.reject(new RequestError(429, 'slower', { 'retry-after': '7' }))],
    ['/faulty', async () => Promise.reject(new TypeError('a fault of ours'))],
    ['/nothing', async () => Promise.reject(undefined)],
    ['/bad-header', async () => Promise.reject(new RequestError(429, 'slower', { 'retry-after': 'é\n' }))],
    [
      '/halfway',
      async (_request, response) => {
        response.writeHead(200).write('first')
        throw new TypeError('a fault of ours')
      }
    ]
  ])
  const context = testContext()
  const server = serverOf('127.0.0.1:0', { ...SITE, posts }, DEFAULT_CONNECTION_LIMITS, context)
  t.after(() => server.stop(never))
  await server.start()
  for (const query of ['', '?by=express']) {
    const send = (path: string) => fetch(`http://${server.address}${path}${query}`, { method: 'POST', body: 'x' })
    const refused = await send('/refused')
    assert.deepEqual([refused.status, refused.headers.get('retry-after'), await refused.text()], [429, '7', 'slower'])
    const faulty = await send('/faulty')
    assert.deepEqual([faulty.status, faulty.headers.get('retry-after')], [503, '3'])
    assert.equal((await send('/nothing')).status, 503)
    await assert.rejects(send('/halfway').then(response => response.text()))
  }
  assert.equal(context.counters.get('refused_requests_total'), 8)
  await assert.rejects(fetch(`http://${server.address}/bad-header`, { method: 'POST' }), 'it cannot be answered')
  assert.equal((await fetch(`http://${server.address}/refused`, { method: 'POST' })).status, 429)
})
