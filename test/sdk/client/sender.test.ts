import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type Client, createClient } from '../../../sdk/client/index.ts'
import { eventually } from '../../e2e/eventually.ts'
import { type Item, ReceivingServer, type Reply } from './receiving-server.ts'

const DEADLINE = { deadline: 20_000 }

async function open(t: TestContext, options: object = {}) {
  const server = await ReceivingServer.start(t)
  const told: string[] = []
  const onDiagnostic = ({ code, items, message }: { code: string; items: number; message: string }) =>
    void told.push(`${code} ${items} ${message.replaceAll(server.endpoint, 'ENDPOINT').trim()}`)
  const client = createClient({ endpoint: server.endpoint, onDiagnostic, ...options })
  t.after(() => client.close({ deadline: 0 }))
  return { server, client, told }
}

const places = (items: readonly Item[]) => items.map(({ resource }) => resource['weir.client.seq'])

test('each request has the client, its epoch and the next number; both signals count for themselves', async t => {
  const { server, client } = await open(t, { resource: { 'service.name': 'shop' } })
  for (let i = 0; i < 2; i++) {
    client.count('a')
    client.event('b')
    await client.flush()
  }
  assert.deepEqual(
    server.received.map(({ path }) => path),
    ['/v1/metrics', '/v1/logs', '/v1/metrics', '/v1/logs']
  )
  assert.deepEqual(places(server.items), [1, 1, 2, 2])
  const [point, record] = server.items.map(({ resource }) => resource)
  assert.equal(point['service.name'], 'shop')
  assert.match(String(point['weir.client.id']), /^[0-9a-f]{32}-m$/)
  assert.match(String(record['weir.client.id']), /^[0-9a-f]{32}-e$/)
  assert.ok(Math.abs(Number(point['weir.client.epoch']) - Date.now()) < 10_000)
})

const AGAIN: readonly Reply[] = [
  { status: 500 },
  { status: 502 },
  { status: 503 },
  { status: 504 },
  { status: 408 },
  { status: 429 },
  { status: 301, headers: { location: 'http://127.0.0.1:1/' } },
  { status: 307, headers: { location: 'http://127.0.0.1:1/' } },
  { status: 200, cut: true }
]
for (const reply of AGAIN)
  test(`${reply.status}${reply.cut ? ', cut off' : ''}: the same bytes go again`, async t => {
    const { server, client, told } = await open(t)
    server.replies.push(reply)
    client.count('a')
    assert.deepEqual(await client.close(DEADLINE), { unsent: 0, refused: 0, dropped: 0 })
    const [first, second] = server.received
    assert.equal(server.received.length, 2)
    assert.equal(first.body, second.body)
    const wanted = { 200: /^outage 1 no answer from ENDPOINT/, 300: /^redirect 1 .*http:\/\/127\.0\.0\.1:1\// }
    assert.match(
      told[0],
      reply.cut ? wanted[200] : reply.status < 400 ? wanted[300] : /^outage 1 ENDPOINT\/v1\/metrics answers \d+/
    )
    assert.equal(told.length, 1)
  })

test('200 with a page: a server that is not Weir has not taken it', async t => {
  const { server, client, told } = await open(t)
  server.replies.push({ status: 200, body: '\n<!doctype html><title>Shop</title>' })
  client.count('a')
  assert.deepEqual(await client.close(DEADLINE), { unsent: 0, refused: 0, dropped: 0 })
  assert.equal(server.received.length, 2)
  assert.match(told.join(), /^redirect 1 ENDPOINT\/v1\/metrics answers 200 .*<title>Shop/s)
})

for (const status of [400, 401, 403, 404, 415, 422])
  test(`${status}: refused for good, and told`, async t => {
    const { server, client, told } = await open(t)
    server.replies.push({ status, body: 'no' })
    client.count('a')
    client.count('b')
    assert.deepEqual(await client.close(DEADLINE), { unsent: 0, refused: 2, dropped: 0 })
    assert.equal(server.received.length, 1)
    assert.deepEqual(told, [`refused 2 ENDPOINT/v1/metrics answers ${status}  no`])
  })

test('a partial success: what was rejected is told and not sent again', async t => {
  const { server, client, told } = await open(t)
  server.replies.push({ status: 200, body: '{"partialSuccess":{"rejectedDataPoints":"1","errorMessage":"too long"}}' })
  server.replies.push({ status: 200, body: '{"partialSuccess":{}}' })
  client.count('a')
  client.count('b')
  client.event('c')
  assert.deepEqual(await client.close(DEADLINE), { unsent: 0, refused: 1, dropped: 0 })
  assert.deepEqual([server.received.length, told], [2, ['rejected 1 too long']])
})

for (const [name, header] of [
  ['seconds', () => '1'],
  ['a date', () => new Date(Date.now() + 2000).toUTCString()]
] as const)
  test(`Retry-After as ${name} is waited for, even by flush`, async t => {
    const { server, client } = await open(t)
    server.replies.push({ status: 503, headers: { 'retry-after': header() } })
    client.count('a')
    const begun = performance.now()
    await client.flush()
    assert.ok(performance.now() - begun > 900, 'it waited')
    assert.equal(server.received.length, 2)
  })

test('Retry-After is over once it is waited for, also if the clock was set back meanwhile', async t => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const { server, client } = await open(t)
  server.replies.push({ status: 503, headers: { 'retry-after': '1' } }, { status: 200, cut: true })
  client.count('a')
  const closed = client.close({ deadline: 6000 })
  await eventually('the answer is there', () => server.received.length === 1)
  await setTimeout(200)
  t.mock.timers.setTime(Date.now() - 3_600_000)
  assert.deepEqual(await closed, { unsent: 0, refused: 0, dropped: 0 })
})

test('413: halves, of which the first keeps the number, until they fit; one that never fits is dropped', async t => {
  const { server, client, told } = await open(t)
  server.replyTo = ({ items, body }) => (items.length > 1 || body.includes('huge') ? { status: 413 } : undefined)
  for (const name of ['a', 'b', 'c', 'd', 'huge']) client.count(name, 1, { of: name })
  for (const name of ['e', 'f']) client.event(name, { deep: { list: [name] } })
  assert.deepEqual(await client.close(DEADLINE), { unsent: 0, refused: 1, dropped: 0 })
  const taken = server.received.filter(received => server.replyTo(received) === undefined)
  assert.deepEqual(taken.flatMap(({ items }) => items.map(({ name }) => name)).sort(), ['a', 'b', 'c', 'd', 'e', 'f'])
  const seqs = (signal: string) =>
    taken.filter(({ path }) => path.endsWith(signal)).flatMap(({ items }) => places(items))
  assert.equal(new Set(seqs('metrics')).size, 4)
  assert.ok(seqs('metrics').includes(1) && seqs('logs').includes(1))
  assert.deepEqual(new Set(seqs('logs')), new Set([1, 2]))
  assert.match(told.join(), /^too_large 1 ENDPOINT\/v1\/metrics answers 413/)
  assert.equal(told.length, 1)
})

test('a request that may have been taken is not halved at the first 413, for half would count twice', async t => {
  const { server, client } = await open(t)
  server.replies.push({ status: 200, cut: true }, { status: 413 }, { status: 413 })
  client.count('a')
  client.count('b')
  await client.close(DEADLINE)
  assert.equal(server.received.length, 4)
  assert.equal(new Set(server.received.map(({ body }) => body)).size, 1)
})

test('a request that a server cannot stand does not hold up the others', async t => {
  const { server, client } = await open(t)
  server.replyTo = ({ body }) => (body.includes('poison') ? { status: 500 } : undefined)
  client.count('poison')
  client.event('fine')
  let isFlushed = false
  void client.flush().then(() => {
    isFlushed = true
  })
  await eventually('the other is taken', () => server.items.some(({ name }) => name === 'fine'))
  assert.equal(isFlushed, false)
  assert.deepEqual(await client.close({ deadline: 100 }), { unsent: 1, refused: 0, dropped: 0 })
})

test('close gives up at its deadline and says what is left; then nothing is recorded any more', async t => {
  const { client, told } = await open(t, { endpoint: 'http://127.0.0.1:1' })
  client.count('a')
  client.event('b')
  const begun = performance.now()
  assert.deepEqual(await client.close({ deadline: 300 }), { unsent: 2, refused: 0, dropped: 0 })
  assert.ok(performance.now() - begun < 2000)
  await client.flush()
  const before = told.length
  client.count('a')
  assert.deepEqual(told.slice(before), ['misuse 1 Error: the client is closed'])
})

test('close without an end waits until all is taken', async t => {
  const { server, client } = await open(t)
  server.replies.push({ status: 503 })
  client.count('a')
  assert.deepEqual(await client.close({ deadline: Infinity }), { unsent: 0, refused: 0, dropped: 0 })
})

test('an endpoint may be a URL', async t => {
  const { server, client } = await open(t)
  const byUrl = createClient({ endpoint: new URL(server.endpoint) as never })
  byUrl.count('a')
  assert.deepEqual(await byUrl.close(DEADLINE), await client.close())
  assert.equal(server.received[0].path, '/v1/metrics')
})

test('credentials of the endpoint are sent, and not shown', async t => {
  const { server } = await open(t)
  const told: string[] = []
  const client = createClient({
    endpoint: server.endpoint.replace('//', '//user%40:secret@'),
    onDiagnostic: ({ message }) => void told.push(message)
  })
  server.replies.push({ status: 503 })
  client.count('a')
  await client.close(DEADLINE)
  const basic = `Basic ${Buffer.from('user@:secret').toString('base64')}`
  assert.deepEqual(
    server.received.map(({ authorization }) => authorization),
    [basic, basic]
  )
  assert.match(told.join(), /^http:\/\/127\.0\.0\.1:\d+\/v1\/metrics answers 503/)
})

test('nothing throws, whatever is passed; it is told', async t => {
  const { server, client, told } = await open(t)
  const odd = client as unknown as Record<keyof Client, (...args: unknown[]) => void>
  const circle: Record<string, unknown> = {}
  circle.self = circle
  for (const n of [-1, Number.NaN, Infinity, '1', null, {}]) odd.count('a', n)
  for (const value of [Number.NaN, undefined, '1']) odd.gauge('a', value)
  for (const value of [-1, Number.NaN, '1']) odd.timing('a', value)
  for (const name of ['', undefined, 3, {}]) for (const call of ['count', 'event'] as const) odd[call](name)
  odd.count('a', 1, { circle })
  assert.equal(told.length, 21)
  assert.ok(told.every(text => text.startsWith('misuse 1 ')))
  odd.event('deep', circle)
  odd.event('values', {
    big: 2n ** 70n,
    date: new Date(0),
    none: null,
    not: undefined,
    nan: Number.NaN,
    list: [1, null]
  })
  await client.close(DEADLINE)
  const { attributes } = server.items.find(({ name }) => name === 'values')!
  const { 'log.record.uid': _, ...rest } = attributes
  assert.deepEqual(rest, { big: String(2n ** 70n), date: new Date(0).toJSON(), nan: null, list: [1, undefined] })
})

test('a diagnostics callback that throws harms nobody', async t => {
  const { client } = await open(t, {
    onDiagnostic() {
      throw new Error('mine')
    }
  })
  client.count('a', -1)
  await client.close(DEADLINE)
})

test('a process ends by itself, also with a request on its way', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as { port: number }
  const sources = path.join(import.meta.dirname, '../../../sdk/client/index.ts')
  const program = `import { createClient } from ${JSON.stringify(sources)}
    const client = createClient({ endpoint: 'http://127.0.0.1:${port}', interval: 100 })
    client.count('a')
    setTimeout(() => client.count('a'), 300)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' })
  const timer = globalThis.setTimeout(() => child.kill(), 8000)
  assert.deepEqual(await once(child, 'exit'), [0, null])
  clearTimeout(timer)
})
