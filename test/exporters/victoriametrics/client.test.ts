import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { parseRetryAfter } from '../../../core/http/answer.ts'
import { VictoriaMetricsExporter } from '../../../exporters/victoriametrics/exporter.ts'
import plugin from '../../../exporters/victoriametrics/index.ts'
import { ExportError, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { freePort } from '../../servers/free-port.ts'
import { startBackend, writeRequestOf } from './backend.ts'

const NEVER = new AbortController().signal

function exporter(endpoint: string, config = {}) {
  const context = testContext()
  const points = new PointBlockBuilder()
  for (const name of ['a', 'b', 'c'])
    points.add(
      context.series.intern({ name, unit: '', description: '', kind: 'gauge', temporality: 'unspecified' }, []),
      context.clock.now(),
      1
    )
  const made = new VictoriaMetricsExporter(testConfig(plugin, { endpoint, ...config }), context)
  const block = points.build()
  return { run: (signal = NEVER) => made.export(block, signal), probe: () => made.probe(NEVER) }
}

async function failure(work: Promise<void>): Promise<ExportError> {
  const error = await work.then(
    () => undefined,
    reason => reason
  )
  assert.ok(error instanceof ExportError, `an ExportError, not ${error}`)
  return error
}

test('an answer says whether trying again can help', async t => {
  const cases: [status: number, headers: Record<string, string>, want: Partial<ExportError>][] = [
    [429, { 'retry-after': '3' }, { retryable: true, retryAfterMs: 3000 }],
    [503, { 'retry-after': 'Tue, 14 Nov 2023 22:13:25 GMT' }, { retryable: true, retryAfterMs: 5000 }],
    [500, {}, { retryable: true, retryAfterMs: undefined }],
    [400, {}, { retryable: false, reason: 'rejected_by_backend' }],
    [401, {}, { retryable: false, reason: 'rejected_by_backend' }],
    [302, { location: '/elsewhere' }, { retryable: false, reason: 'rejected_by_backend' }]
  ]
  let next = cases[0]
  const endpoint = await startBackend(t, (_request, response) =>
    response.writeHead(next[0], next[1]).end(`no:\n${'x'.repeat(100_000)}`)
  )
  const { run } = exporter(endpoint)
  for (next of cases) {
    const error = await failure(run())
    for (const [key, value] of Object.entries(next[2]))
      assert.equal(error[key as keyof ExportError], value, `${key} of ${next[0]}`)
    assert.match(error.message, new RegExp(`^${endpoint} answered ${next[0]} .*: no: x+$`))
    assert.ok(error.message.length < 400)
  }
})

test('a backend that is not there, hangs up or does not answer is tried again', async t => {
  const endpoint = await startBackend(t, request => request.socket.destroy())
  const hungUp = await failure(exporter(endpoint).run())
  assert.equal(hungUp.retryable, true)
  const refused = await failure(exporter(`http://127.0.0.1:${await freePort()}/api/v1/write`).run())
  assert.equal(refused.retryable, true)
  assert.match(String(refused.cause), /ECONNREFUSED/)
  const timeout = new AbortController()
  const silent = await startBackend(t, () => timeout.abort(new Error('no answer within 5 ms')))
  const hung = await failure(exporter(silent).run(timeout.signal))
  assert.equal(hung.retryable, true)
  assert.match(String(hung.cause), /no answer within 5 ms/)
})

test('an answer is read within bounds, in size and in time', async t => {
  let [status, piece, sent] = [200, 'x' as string | Buffer, 0]
  const endpoint = await startBackend(t, (request, response) => {
    request.resume()
    response.writeHead(status)
    const send = () => {
      if (response.destroyed) return
      sent += piece.length
      if (piece.length === 1) response.write(piece, () => setTimeout(send, 20))
      else if (response.write(piece)) setImmediate(send)
      else response.once('drain', send)
    }
    send()
  })
  const flood = Buffer.alloc(64 * 1024, 'x')
  for (const [answers, sends] of [
    [200, 'x'],
    [503, 'x'],
    [200, flood],
    [503, flood]
  ] as const) {
    ;[status, piece, sent] = [answers, sends, 0]
    const [begun, isTrickling] = [performance.now(), sends === 'x']
    const work = exporter(endpoint).run(AbortSignal.timeout(isTrickling ? 500 : 10_000))
    if (answers === 200) await work
    else assert.match((await failure(work)).message, / answered 503 .*: x+$/)
    assert.ok(performance.now() - begun < 5000, `${answers}, ${isTrickling ? 'byte by byte' : 'without end'}`)
    assert.ok(sent < 32 * 2 ** 20, `${sent} bytes were taken`)
  }
})

test('one connection serves all requests', async t => {
  const ports = new Set<number | undefined>()
  const endpoint = await startBackend(t, (request, response) => {
    ports.add(request.socket.remotePort)
    response.writeHead(ports.size === 1 ? 503 : 204).end('some text')
  })
  const { run } = exporter(endpoint, { max_samples_per_request: 1 })
  await failure(run())
  await failure(run())
  assert.equal(ports.size, 1)
})

test('an https endpoint is spoken to by TLS', async t => {
  const endpoint = await startBackend(t, (_request, response) => response.writeHead(204).end())
  const error = await failure(exporter(endpoint.replace('http:', 'https:')).run())
  assert.equal(error.retryable, true)
  assert.match(String(error.cause), /SSL/)
})

test('requests carry the headers of their variant of remote write 1.0 and those configured', async t => {
  const seen: IncomingMessage['headers'][] = []
  const endpoint = await startBackend(t, (request, response) => {
    seen.push(request.headers)
    response.writeHead(204).end()
  })
  await exporter(endpoint, {
    headers: { 'X-Scope-OrgID': 'team' },
    basic_auth: { username: 'me', password: 'päss' }
  }).run()
  await exporter(endpoint, { bearer_token: 'secret' }).probe()
  await exporter(endpoint, { compression: 'snappy' }).run()
  const variants = seen.map(headers => [
    headers['content-type'],
    headers['content-encoding'],
    headers['x-victoriametrics-remote-write-version'],
    headers['x-prometheus-remote-write-version']
  ])
  const zstd = ['application/x-protobuf', 'zstd', '1', undefined]
  assert.deepEqual(variants, [zstd, zstd, ['application/x-protobuf', 'snappy', undefined, '0.1.0']])
  assert.equal(seen[0]['user-agent'], 'weir')
  assert.equal(seen[0]['x-scope-orgid'], 'team')
  assert.equal(seen[0].authorization, `Basic ${Buffer.from('me:päss').toString('base64')}`)
  assert.equal(seen[1].authorization, 'Bearer secret')
})

test('a large block is sent in parts, and tried again goes on with the part that failed', async t => {
  const got: string[][] = []
  let failing = true
  const endpoint = await startBackend(t, async (request, response) => {
    const { series } = await writeRequestOf(request)
    got.push(series.map(({ labels }) => labels[0][1]))
    response.writeHead(failing && got.length === 2 ? 503 : 204).end()
  })
  const { run } = exporter(endpoint, { max_samples_per_request: 2 })
  assert.equal((await failure(run())).retryable, true)
  failing = false
  await run()
  assert.deepEqual(got, [['a', 'b'], ['c'], ['c']])
  await run()
  assert.deepEqual(got.slice(3), [['a', 'b'], ['c']])
})

test('Retry-After is seconds or a date', () => {
  const now = Date.parse('2023-11-14T22:13:20Z')
  const cases: [string | undefined, number | undefined][] = [
    [undefined, undefined],
    ['0', 0],
    [' 120 ', 120_000],
    ['Tue, 14 Nov 2023 22:13:21 GMT', 1000],
    ['Tue, 14 Nov 2023 22:00:00 GMT', 0],
    ['soon', undefined]
  ]
  for (const [text, want] of cases) assert.equal(parseRetryAfter(text, now), want, String(text))
})

test('a configuration that cannot work is refused', () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ endpoint: 'localhost:8428' }, /endpoint: "localhost:8428" is not an http/],
    [{ endpoint: 'http://me:pw@h/write' }, /endpoint: .*basic_auth/],
    [{ bearer_token: 't', basic_auth: { username: 'u' } }, /one of basic_auth/],
    [{ bearer_token: 't', headers: { authorization: 'x' } }, /one of basic_auth/],
    [{ compression: 'gzip' }, /compression/],
    [{ max_samples_per_request: 0 }, /max_samples_per_request/],
    [{ tenants: { acme: 'twelve' } }, /tenants.acme/],
    [{ tenants: { acme: '4294967296' } }, /"4294967296" is too large/]
  ]
  for (const [config, want] of cases) assert.throws(() => testConfig(plugin, config), want)
})
