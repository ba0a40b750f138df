import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { CountingStore } from '../../core/queries/counting-store.ts'
import { form, startApi } from './api-client.ts'
import { TENANTS } from './tenants.ts'

/** Requests whose answers nobody reads at first. */
const REQUESTS = 8
const UNREAD_MS = 2000
const SECRET = 'a-token-of-readers-1234'

test('query and query_range take GET and POST, and answer as Prometheus', async () => {
  const { ask } = await startApi({ store: 'numbers' }, new CountingStore())
  const sum = { resultType: 'vector', result: [{ metric: {}, value: [5, '10'] }] }
  const parameters = { query: 'sum(up)', time: '5', timeout: '10s' }
  const get = await ask(`/api/v1/query?${new URLSearchParams(parameters)}`)
  assert.deepEqual([get.status, get.body], [200, { status: 'success', data: sum }])
  assert.match(get.headers.get('content-type')!, /^application\/json/)
  assert.deepEqual((await ask('/api/v1/query', form(parameters))).body.data, sum)
  const range = form({ query: 'up{job="a"}', start: '1970-01-01T00:00:01Z', end: '3', step: '1s', limit: '1' })
  assert.deepEqual((await ask('/api/v1/query_range', range)).body.data, {
    resultType: 'matrix',
    result: [
      {
        metric: { __name__: 'up', job: 'a' },
        values: [
          [1, '1'],
          [2, '2'],
          [3, '3']
        ]
      }
    ]
  })
})

test('the health check of Grafana, and what it asks next', async () => {
  const { ask } = await startApi({ store: 'numbers' }, new CountingStore())
  assert.deepEqual((await ask('/api/v1/query', form({ query: '1+1', time: '4' }))).body.data, {
    resultType: 'scalar',
    result: [4, '2']
  })
  const paths: readonly (readonly [path: string, data: unknown])[] = [
    ['/api/v1/labels', ['__name__', 'job']],
    ['/api/v1/label/job/values', ['a', 'b']],
    ['/api/v1/label/__name__/values?match[]=up', ['up']],
    ['/api/v1/series?match[]=up&limit=1', [{ __name__: 'up', job: 'a' }]],
    ['/api/v1/metadata?limit=10', { up: [{ type: 'gauge', help: 'Whether it runs.', unit: '' }] }],
    ['/api/v1/query_exemplars?query=up&start=0&end=1', []],
    ['/api/v1/rules', { groups: [] }],
    ['/api/v1/alerts', { alerts: [] }],
    ['/api/v1/format_query?query=up+%3D%3D+1', 'up == 1']
  ]
  for (const [path, data] of paths) {
    const { status, body } = await ask(path)
    assert.deepEqual([status, body.status, body.data], [200, 'success', data], path)
  }
  const { data } = (await ask('/api/v1/status/buildinfo')).body
  assert.match((data as { version: string }).version, /^3\./)
})

test('every error has the envelope, the type and the status of its kind', async () => {
  const { ask } = await startApi({ store: 'numbers', max_samples: 100, timeout: '200ms' }, new CountingStore())
  const cases: readonly (readonly [path: string, status: number, errorType: string, error: RegExp])[] = [
    ['/api/v1/query', 400, 'bad_data', /"query": it is missing/],
    ['/api/v1/query?query=sum(', 400, 'bad_data', /1:5/],
    ['/api/v1/query_range?query=up&start=0&end=9999&step=1', 422, 'execution', /max_samples/],
    ['/api/v1/query?query=broken', 503, 'unavailable', /the disk is gone/],
    ['/api/v1/query?query=slow', 503, 'timeout', /timeout/],
    ['/api/v1/nothing', 404, 'not_found', /\/api\/v1\/nothing/]
  ]
  for (const [path, status, errorType, error] of cases) {
    const answer = await ask(path)
    assert.deepEqual([answer.status, answer.body.status, answer.body.errorType], [status, 'error', errorType], path)
    assert.match(answer.body.error!, error)
    assert.equal(answer.headers.get('retry-after'), status === 503 ? '3' : null)
  }
  const wrongMethod = await ask('/api/v1/query', { method: 'DELETE' })
  assert.deepEqual([wrongMethod.status, wrongMethod.headers.get('allow')], [405, 'GET, POST'])
  const wrongType = await ask('/api/v1/query', {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' }
  })
  assert.deepEqual([wrongType.status, wrongType.body.errorType], [400, 'bad_data'])
  const tooLarge = await ask('/api/v1/query', form({ query: 'x'.repeat(2 ** 20) }))
  assert.deepEqual([tooLarge.status, tooLarge.body.errorType], [400, 'bad_data'])
})

test('a path prefix, and a server that says it is there', async () => {
  const { url, ask } = await startApi({ store: 'numbers', path_prefix: '/prometheus' }, new CountingStore())
  assert.equal((await ask('/prometheus/api/v1/query?query=1')).status, 200)
  assert.equal((await ask('/api/v1/query?query=1')).status, 404)
  assert.equal((await fetch(`${url}/prometheus/-/healthy`)).status, 200)
})

test('readers have credentials, and see the series of their tenant only', async () => {
  const authenticators = { readers: { bearer: { tokens: [{ token: SECRET, tenant: 'a' }] } } }
  const store = new CountingStore()
  const config = { store: 'numbers', auth: 'readers', tenant_label: 'job' }
  const { ask } = await startApi(config, store, { authenticators, tenants: TENANTS })
  const anonymous = await ask('/api/v1/query?query=sum(up)&time=5')
  assert.deepEqual([anonymous.status, anonymous.body.errorType], [401, 'unauthorized'])
  const headers = { authorization: `Bearer ${SECRET}` }
  const query = encodeURIComponent('sum(up) or count({__name__="up", job="b"})')
  const own = await ask(`/api/v1/query?query=${query}&time=5`, { headers })
  assert.deepEqual((own.body.data as { result: unknown }).result, [{ metric: {}, value: [5, '5'] }])
  const other = await ask('/api/v1/query?query=up', { headers: { ...headers, 'x-scope-orgid': 'b' } })
  assert.deepEqual([other.status, other.body.errorType], [403, 'forbidden'])
})

test('regression: the connection of a form that was too large answered nothing more', async () => {
  const { url } = await startApi({ store: 'numbers' }, new CountingStore())
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const body = `query=${'1'.repeat(1_200_000)}`
  const type = 'Content-Type: application/x-www-form-urlencoded'
  socket.write(`POST /api/v1/query HTTP/1.1\r\nHost: x\r\n${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  socket.write('GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  let answers = ''
  for await (const chunk of socket) answers += chunk
  assert.deepEqual(answers.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 400', 'HTTP/1.1 200'])
})

test('regression: a question mark within a query of a URL cut it off', async () => {
  const { ask } = await startApi({ store: 'numbers' }, new CountingStore())
  const { body } = await ask('/api/v1/format_query?query=up{job=~"a?b"}')
  assert.equal(body.data, 'up{job=~"a?b"}')
})

test('regression: an answer that nobody reads stayed in memory', async () => {
  const { url } = await startApi({ store: 'numbers', read_timeout: '200ms' }, new CountingStore())
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  // Together the syntax trees are larger than any buffers of both sockets.
  const body = `query={${'a="b",'.repeat(170_000)}}`
  const type = 'Content-Type: application/x-www-form-urlencoded'
  const request = `POST /api/v1/parse_query HTTP/1.1\r\nHost: x\r\n${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  for (let i = 0; i < REQUESTS; i++) socket.write(request)
  await setTimeout(UNREAD_MS)
  let bytes = 0
  socket.on('data', chunk => (bytes += chunk.length)).on('error', () => {})
  await once(socket, 'close')
  assert.ok(bytes < REQUESTS * 6_000_000, `${bytes} bytes of answers came`)
})
