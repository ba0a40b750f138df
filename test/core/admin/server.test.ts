import assert from 'node:assert/strict'
import { type IncomingHttpHeaders, request } from 'node:http'
import { after, before, test } from 'node:test'
import { AdminServer } from '../../../core/admin/server.ts'
import { servedDelivery } from './served-delivery.ts'

const delivery = await servedDelivery()
const { services } = delivery
const server = new AdminServer({ endpoint: '127.0.0.1:0' }, delivery, () => ({
  phase: 'running',
  problems: [],
  hide: text => text
}))
before(() => server.start())
after(() => server.stop(AbortSignal.abort()))

/** As `fetch` does not: it sets some headers itself. */
function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<[number, string]> {
  return answerOf(method, path, headers).then(({ status, body }) => [status, body])
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: IncomingHttpHeaders
}

function answerOf(method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(services.adminUrl)
    const sent = request({ hostname, port, method, path, headers }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', text => (body += text))
      response.on('end', () => resolve({ status: response.statusCode!, body, headers: response.headers }))
    })
    sent.on('error', reject).end()
  })
}

test('names that mean another machine than this are not answered', async () => {
  for (const [host, status] of [
    ['127.0.0.1:13133', 200],
    ['localhost', 200],
    ['weir.localhost:13133', 200],
    ['[::1]:13133', 200],
    ['192.168.1.4:80', 200],
    ['evil.example:13133', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403]
  ] as const) {
    assert.equal((await ask('GET', '/healthz', { host }))[0], status, host)
  }
})

test('reports of components are served by name, with their component', async () => {
  const [status, body] = await ask('GET', '/cardinality')
  assert.deepEqual(
    [status, JSON.parse(body)],
    [200, [{ kind: 'processor', id: 'limiter/a', pipeline: 'metrics', admitted: 1 }]]
  )
  assert.deepEqual(JSON.parse((await ask('GET', '/api/status'))[1]).reports, ['cardinality'])
  const [missing, hint] = await ask('POST', '/cardinality')
  assert.equal(missing, 404)
  assert.match(hint, /^there is nothing at POST \/cardinality: the page is at \/, .*\n$/)
  assert.equal((await ask('GET', '/nothing'))[0], 404)
})

test('pages of others cannot send requests', async () => {
  const own = new URL(services.adminUrl).host
  const { token } = JSON.parse((await ask('GET', '/api/session'))[1])
  for (const [headers, status] of [
    [{}, 200],
    [{ origin: `http://${own}`, 'x-weir-token': token }, 200],
    [{ 'sec-fetch-site': 'same-origin', 'x-weir-token': token }, 200],
    [{ origin: `http://${own}` }, 403],
    [{ 'sec-fetch-site': 'same-origin', 'x-weir-token': 'another' }, 403],
    [{ 'sec-fetch-site': 'same-origin', 'x-weir-token': token.slice(1) }, 403],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'cross-site', origin: `http://${own}` }, 403]
  ] as const) {
    assert.equal((await ask('POST', '/api/exporters/store/query', headers))[0], status, JSON.stringify(headers))
  }
})

test('pages of others can link to answers, and not ask for them', async () => {
  for (const [path, headers, status] of [
    ['/api/status', {}, 200],
    ['/api/status', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, 200],
    ['/api/status', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 200],
    ['/api/status', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    ['/api/status', { origin: 'http://evil.example' }, 403],
    // The guard once knew /api/ only as it is written.
    ['/API/status', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 404],
    ['/healthz', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 200]
  ] as const)
    assert.equal((await ask('GET', path, headers))[0], status, JSON.stringify([path, headers]))
})

test('whatever would change something is refused across origins, by any method', async () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    for (const headers of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'same-site' }] as Record<
      string,
      string
    >[])
      assert.equal((await ask(method, '/api/exporters/store/query', headers))[0], 403, method)
  }
  // A page of others may send a GET that costs nothing, for it changes nothing.
  assert.equal((await ask('GET', '/nothing', { origin: 'http://evil.example' }))[0], 404)
})

test('every answer says that it is no page for others to frame, to embed or to guess the type of', async () => {
  for (const [method, path, sent] of [
    ['GET', '/', {}],
    ['GET', '/main.js', {}],
    ['GET', '/api/status', {}],
    ['GET', '/metrics', {}],
    ['GET', '/nothing', {}],
    ['GET', '/api/exporters/store/broken', {}],
    ['POST', '/api/exporters/store/query', {}],
    ['POST', '/api/exporters/store/query', { origin: 'http://evil.example' }]
  ] as const) {
    const { headers } = await answerOf(method, path, sent)
    const policy = String(headers['content-security-policy'])
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'none'"])
      assert.ok(policy.split('; ').includes(rule), `${method} ${path}: ${policy}`)
    assert.doesNotMatch(policy, /unsafe|\*/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
    assert.equal(headers['referrer-policy'], 'no-referrer')
  }
})

test('files of the page only, and errors that say whose they are', async () => {
  assert.match((await ask('GET', '/'))[1], /<html/)
  for (const path of ['/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '/.git/config'])
    assert.notEqual((await ask('GET', path))[0], 200, path)
  assert.equal((await ask('GET', '/%E0%A4%A'))[0], 404)
  assert.deepEqual(await ask('GET', '/api/exporters/store/broken'), [500, 'broken\n'])
})

test('dashboards are listed, and a browser changes one with the token of its session only', async () => {
  const [status, list] = await ask('GET', '/api/dashboards')
  assert.deepEqual([status, JSON.parse(list).dashboards.length > 0], [200, true])
  const { token } = JSON.parse((await ask('GET', '/api/session'))[1])
  const browser = { 'sec-fetch-site': 'same-origin', 'if-none-match': '*' }
  const put = (headers: Record<string, string>) => ask('PUT', '/api/dashboards/mine', { ...browser, ...headers })
  assert.match((await put({}))[1], /^send the token of GET \/api\/session/)
  assert.deepEqual(await put({ 'x-weir-token': token }), [
    403,
    'no dashboards are saved here: name a folder for them in service.admin.dashboards\n'
  ])
})
