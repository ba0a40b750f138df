import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { freePort } from '../../servers/free-port.ts'
import { startVictoriaMetrics, victoriaMetricsProgram } from '../../servers/victoria-metrics.ts'
import { form, startApi } from './api-client.ts'
import { TENANTS } from './tenants.ts'

/** Unix s. */
const T = 1_700_000_000
const { path, skip } = await victoriaMetricsProgram()

test('another server answers, with the label of the tenant in every selector', { skip }, async t => {
  const server = await startVictoriaMetrics(path)
  t.after(() => server.stop())
  const lines = ['a', 'b'].flatMap(tenant => [
    `visits{tenant="${tenant}",page="x"} ${tenant === 'a' ? 1 : 10} ${T * 1000}`,
    `of_${tenant}{tenant="${tenant}"} 1 ${T * 1000}`
  ])
  await fetch(`${server.url}/api/v1/import/prometheus`, { method: 'POST', body: lines.join('\n') })
  await server.flush()
  const config = { forward: { endpoint: server.url }, tenant_label: 'tenant' }
  const { ask } = await startApi(config, undefined, { tenants: TENANTS })
  const headers = { 'x-scope-orgid': 'a' }
  const value = async (query: string) => {
    const { body } = await ask('/api/v1/query', form({ query, time: String(T) }, headers))
    return (body.data as { result: { value: [number, string] }[] }).result.map(({ value }) => value[1])
  }
  assert.deepEqual(await value('sum(visits)'), ['1'])
  assert.deepEqual(await value('sum(visits{tenant="b"}) or vector(7)'), ['7'])
  assert.deepEqual(await value('sum({__name__=~".+"})'), ['2'])
  const names = await ask(`/api/v1/label/__name__/values?start=${T - 60}&end=${T}`, { headers })
  assert.deepEqual(names.body.data, ['of_a', 'visits'])
  const series = await ask(
    '/api/v1/series',
    form({ 'match[]': 'visits', start: String(T - 60), end: String(T) }, headers)
  )
  assert.deepEqual(series.body.data, [{ __name__: 'visits', tenant: 'a', page: 'x' }])
  const range = { query: 'visits', start: String(T - 60), end: String(T), step: '60' }
  const { body } = await ask('/api/v1/query_range', form(range, headers))
  assert.equal((body.data as { result: unknown[] }).result.length, 1)
  assert.equal((await ask('/api/v1/metadata', { headers })).status, 403)
  // An extension of that server, which would add other series.
  const more = await ask(`/api/v1/query?query=sum(visits)&time=${T}&extra_filters[]={tenant="b"}`, { headers })
  assert.equal((more.body.data as { result: unknown[] }).result.length, 1)
})

test('a server that does not answer is 503, and its own errors pass through', { skip }, async t => {
  const nobody = await startApi({ forward: { endpoint: `http://127.0.0.1:${await freePort()}` } })
  const down = await nobody.ask('/api/v1/query?query=1')
  assert.deepEqual([down.status, down.body.errorType], [503, 'unavailable'])
  const server = await startVictoriaMetrics(path)
  t.after(() => server.stop())
  const { ask } = await startApi({ forward: { endpoint: server.url } })
  const wrong = await ask('/api/v1/query?query=no_such_function(1)')
  assert.deepEqual([wrong.status, wrong.body.status], [422, 'error'])
  assert.equal((await ask('/api/v1/query?query=1')).body.status, 'success')
})

test('regression: the name of a label reached other paths of the server', async () => {
  const { url } = await startApi({ forward: { endpoint: `http://127.0.0.1:${await freePort()}` } })
  for (const name of ['..\\..\\admin', '..%5c..%5cadmin', '..%2fadmin']) {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.write(`GET /api/v1/label/${name}/values HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    let answer = ''
    for await (const chunk of socket) answer += chunk
    assert.match(answer, /^HTTP\/1\.1 400 .*would be another path/s, name)
  }
})
