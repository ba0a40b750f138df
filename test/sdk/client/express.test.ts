import assert from 'node:assert/strict'
import { createServer, request as httpRequest, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import express, { type NextFunction, type Request, type Response } from 'express'
import { weirFastify } from '../../../sdk/client/express/fastify.ts'
import { type Timer, weirExpress } from '../../../sdk/client/express/index.ts'
import { createClient } from '../../../sdk/client/index.ts'
import { eventually } from '../../e2e/eventually.ts'
import { Sandbox } from '../../e2e/weir-process.ts'
import { requireNpmPackage } from '../../servers/npm-package.ts'
import { WEIR } from '../client-config.ts'

const fastifyPackage = await requireNpmPackage('fastify', '5.12.8')
const express4 = await requireNpmPackage('express', '4.22.1')

/** What a client is told. */
class Told implements Timer {
  readonly requests: string[] = []

  timing(name: string, value: number, attributes: Record<string, unknown>, unit: string): void {
    assert.equal(name, 'http.server.request.duration')
    assert.equal(unit, 's')
    assert.ok(value >= 0 && value < 5)
    assert.deepEqual(Object.keys(attributes), ['http.request.method', 'http.route', 'http.response.status_code'])
    this.requests.push(Object.values(attributes).join(' '))
  }

  async next(n: number): Promise<string[]> {
    await eventually(`${n} requests are told`, () => this.requests.length >= n)
    return this.requests.splice(0)
  }
}

async function listening(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Requests and what is told of them, in any framework. */
const CASES = [
  ['GET', '/', 'GET / 200'],
  ['GET', '/users/42', 'GET /users/:id 200'],
  ['HEAD', '/users/43?q=1', 'HEAD /users/:id 200'],
  ['POST', '/users/42', 'POST /users/:id 201'],
  ['GET', '/fails/7', 'GET /fails/:why 500'],
  ['GET', '/nobody/knows', 'GET _OTHER 404'],
  ['GET', '/nobody/knows/either', 'GET _OTHER 404'],
  ['PURGE', '/users/42', '_OTHER _OTHER 404']
] as const

const EXPRESSES = [
  ['Express 5', false, express],
  [
    'Express 4',
    express4.skip,
    express4.skip === false ? createRequire(path.join(express4.path, 'x'))(express4.path) : express
  ]
] as const

for (const [name, skip, make] of EXPRESSES)
  test(`${name}: by the pattern of the route`, { skip }, async t => {
    const told = new Told()
    const url = await listening(t, application(make, told))
    for (const [method, path, want] of [...CASES, ...ROUTERS]) {
      await fetch(url + path, { method })
      assert.deepEqual(await told.next(1), [want], `${method} ${path}`)
    }
  })

/** Routers in routers, whose own paths have parameters. */
const ROUTERS = [
  ['GET', '/api/items', 'GET /api/items 200'],
  ['GET', '/api', 'GET /api 200'],
  ['GET', '/shops/a%20b/carts/7/lines/3', 'GET /shops/:shop/carts/:cart/lines/:line 200'],
  ['GET', '/shops/shops/carts/carts/fails', 'GET /shops/:shop/carts/:cart/fails 500'],
  ['GET', '/v2/lines/3', 'GET /:version/lines/:line 200'],
  ['GET', '/shops/x/carts/7/unknown', 'GET _OTHER 404'],
  ['GET', '/files/a/b.txt', 'GET /^\\/files\\/(.*)$/ 200'],
  ['GET', '/one', 'GET /one,/two 200']
] as const

function application(make: typeof express, client: Timer): RequestListener {
  const app = make()
  app.use(weirExpress(client))
  const ok = (_: Request, response: Response) => void response.send('ok')
  app.get('/', ok)
  app.get('/users/:id', ok)
  app.post('/users/:id', (_, response) => void response.status(201).end())
  app.get('/fails/:why', (_request, _response, next) => next(new Error('told to fail')))
  const api = make.Router()
  api.get('/', ok)
  api.get('/items', ok)
  app.use('/api', api)
  const carts = make.Router()
  carts.get('/lines/:line', ok)
  carts.get('/fails', (_request, _response, next) => next(new Error('told to fail')))
  const shops = make.Router()
  shops.use('/carts/:cart', carts)
  app.use('/shops/:shop', shops)
  app.use('/v:version', carts)
  app.get(/^\/files\/(.*)$/, ok)
  app.get(['/one', '/two'], ok)
  app.use(
    (_error: Error, _request: Request, response: Response, _next: NextFunction) => void response.status(500).end()
  )
  return app
}

test('Fastify: by the pattern of the route', { skip: fastifyPackage.skip }, async t => {
  const fastify = createRequire(path.join(fastifyPackage.path, 'x'))(fastifyPackage.path)
  const told = new Told()
  const app = fastify()
  t.after(() => app.close())
  await app.register(weirFastify, { client: told })
  app.get('/', async () => 'ok')
  app.get('/users/:id', async () => 'ok')
  app.post('/users/:id', async (_: unknown, reply: { code(n: number): void }) => void reply.code(201))
  app.get('/fails/:why', async () => {
    throw new Error('told to fail')
  })
  app.register(async (shop: typeof app) => shop.get('/items/:item', async () => 'ok'), { prefix: '/shops/:shop' })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const more = ['GET', '/shops/7/items/8', 'GET /shops/:shop/items/:item 200'] as const
  for (const [method, path, want] of [...CASES.filter(([method]) => method !== 'PURGE'), more]) {
    await fetch(url + path, { method })
    assert.deepEqual(await told.next(1), [want], `${method} ${path}`)
  }
})

test('routes beyond a number are one', async t => {
  const told = new Told()
  const app = express()
  app.use(weirExpress(told))
  const router = express.Router()
  router.get('/', (_, response) => void response.send('ok'))
  app.use(/^\/any-\d+/, router)
  const url = await listening(t, app)
  for (let i = 0; i < 1010; i++) await fetch(`${url}/any-${i}`)
  const requests = await told.next(1010)
  assert.equal(new Set(requests).size, 1001)
  assert.equal(requests.at(-1), 'GET _OTHER 200')
})

test('a client that is gone before the answer has no status', async t => {
  const told = new Told()
  const app = express()
  app.use(weirExpress(told))
  const arrived = Promise.withResolvers<void>()
  app.get('/slow/:id', () => arrived.resolve())
  const url = await listening(t, app)
  const request = httpRequest(`${url}/slow/1`).on('error', () => {})
  request.end()
  await arrived.promise
  request.destroy()
  assert.deepEqual(await told.next(1), ['GET /slow/:id '])
})

test('Weir has the number of requests', async t => {
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(WEIR)
  const client = createClient({ endpoint: new URL(weir.otlp).origin })
  const url = await listening(t, application(express, client))
  for (let i = 0; i < 5; i++) await fetch(`${url}/users/${i}`)
  await client.close()
  const count = await eventually('they are counted', async () => {
    const text = await (await fetch(weir.prometheus)).text()
    return /^http_server_request_duration_seconds_count\{(.*)\} 5$/m.exec(text)?.[1]
  })
  assert.equal(count, 'http_request_method="GET",http_response_status_code="200",http_route="/users/:id"')
})
