import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { query } from '../../../core/cli/query.ts'
import { freePort } from '../../servers/free-port.ts'
import { MemoryTerminal } from './memory-terminal.ts'

interface Asked {
  readonly request: IncomingMessage
  readonly body: string
}

/** An admin server whose exporters answer every query alike. Returns its address and what it was asked. */
async function admin(t: TestContext, queryable: readonly string[], status = 200, answer = '7\n') {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    if (request.url === '/api/status') return response.end(JSON.stringify({ queryable }))
    asked.push({ request, body: await text(request) })
    return response.writeHead(status).end(answer)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const ask = async (url: string, exporter?: string) => {
  const terminal = new MemoryTerminal()
  const code = await query(terminal, 'SELECT 7 AS x', { admin: url, exporter, format: 'TSV' })
  return { code, ...terminal }
}

test('asks the only exporter that answers SQL', async t => {
  const { url, asked } = await admin(t, ['clickhouse'])
  const { code, stdout, stderr } = await ask(url)
  assert.deepEqual([code, stdout, stderr], [EXIT.ok, '7\n', ''])
  assert.equal(asked.length, 1)
  const { request, body } = asked[0]
  assert.deepEqual(
    [request.method, request.url, body],
    ['POST', '/api/exporters/clickhouse/query?format=TSV', 'SELECT 7 AS x']
  )
})

test('asks the exporter that is named', async t => {
  const { url, asked } = await admin(t, ['clickhouse', 'clickhouse/eu'])
  const { code } = await ask(url, 'clickhouse/eu')
  assert.equal(code, EXIT.ok)
  assert.equal(asked[0].request.url, '/api/exporters/clickhouse/eu/query?format=TSV')
})

test('several exporters, none named', async t => {
  const { url, asked } = await admin(t, ['clickhouse', 'clickhouse/eu'])
  const { code, stdout, stderr } = await ask(url)
  assert.deepEqual([code, stdout, asked.length], [EXIT.refused, '', 0])
  assert.equal(stderr, 'several exporters answer SQL: choose one with --exporter clickhouse | clickhouse/eu\n')
})

test('no exporter that answers SQL', async t => {
  const { url } = await admin(t, [])
  const { code, stderr } = await ask(url)
  assert.equal(code, EXIT.refused)
  assert.equal(stderr, 'no exporter of the running Weir answers SQL; a clickhouse exporter does\n')
})

test('a query that is refused', async t => {
  const { url } = await admin(t, ['clickhouse'], 400, 'ClickHouse 62: Syntax error\n')
  const { code, stdout, stderr } = await ask(url)
  assert.deepEqual([code, stdout, stderr], [EXIT.refused, '', 'ClickHouse 62: Syntax error\n'])
})

test('no Weir is running there', async () => {
  const url = `http://127.0.0.1:${await freePort()}`
  const { code, stderr } = await ask(url)
  assert.equal(code, EXIT.refused)
  assert.ok(stderr.startsWith(`cannot reach a running Weir at ${url}; is it running? --admin sets its address`), stderr)
})

for (const url of ['127.0.0.1:13133', 'localhost', ''])
  test(`--admin "${url}" is no URL`, async () => {
    const { code, stderr } = await ask(url)
    assert.equal(code, EXIT.refused)
    assert.ok(stderr.includes('--admin'), `it says which option is wrong: ${stderr}`)
  })

test('the server there is not Weir', async t => {
  const server = createServer((_request, response) => response.writeHead(404).end('<html>'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  const { code, stderr } = await ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  assert.equal(code, EXIT.refused)
  assert.match(stderr, /^the server at http:.* is not Weir; --admin sets the address of Weir$/m)
})
