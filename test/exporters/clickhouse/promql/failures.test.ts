import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { encodeRequest } from '../../../../exporters/clickhouse/promql/request.ts'
import { eventually } from '../../../e2e/eventually.ts'
import { FOREVER, makeExporter, signal } from '../harness.ts'
import { counterBlock, T } from '../samples.ts'
import { LIMITS, matchers, openStore, type StoreHarness, storeOf } from './store-harness.ts'

const QUERY = { max_execution_time: '1s', max_memory_usage: '100MiB', max_result_bytes: '1MiB' }
const SLOW = 'SELECT count() AS n FROM numbers(1000000000000) WHERE sipHash64(number) = 1'

let s: StoreHarness
before(async () => {
  s = await openStore({ ...FOREVER, query: QUERY })
  await s.h.exporter.export(counterBlock(s.h.context.series, 10, 1), signal())
})
after(() => s?.[Symbol.asyncDispose]())

const run = (sql: string, until = signal()) =>
  s.h.exporter.queryable.fetch(encodeRequest({ kind: 'statement', sql, timeSeries: false }), until)

const refusals: [sql: string, kind: string, message: RegExp][] = [
  [SLOW, 'timeout', /query\.max_execution_time/],
  ['SELECT uniqExact(number) FROM numbers(50000000)', 'execution', /query\.max_memory_usage/],
  ['SELECT number FROM numbers(10000000)', 'execution', /query\.max_result_bytes/],
  ['SELECT missing FROM samples', 'execution', /ClickHouse 47: .*missing/],
  ["INSERT INTO samples SELECT 'x', 1, now(), now(), 1, 0", 'execution', /ClickHouse 164: .*readonly/i]
]

for (const [sql, kind, message] of refusals)
  test(`refused as ${kind}, with the remedy: ${sql.slice(0, 40)}`, async () => {
    await assert.rejects(run(sql), { name: 'QueryError', kind, message })
  })

test('a statement is killed once nobody waits for it', async () => {
  const client = new AbortController()
  const gone = new Error('the client went away')
  const slow = assert.rejects(run(SLOW, client.signal), gone)
  const running = async () => {
    const where = "query LIKE '%sipHash64%' AND query NOT LIKE '%system.processes%'"
    return (await s.h.rows(`SELECT 1 FROM system.processes WHERE ${where}`)).length
  }
  await eventually('it runs', async () => (await running()) === 1)
  client.abort(gone)
  await slow
  await eventually('it was killed', async () => (await running()) === 0)
})

test('an engine that is gone is unavailable, and comes back', async () => {
  const slow = assert.rejects(run(SLOW), {
    kind: 'unavailable',
    message: /the store cannot be asked: the process .* ended/
  })
  await eventually(
    'it runs',
    async () => (await s.h.rows("SELECT 1 FROM system.processes WHERE query LIKE '%sipHash64%'")).length > 1
  )
  const pid = /^PID: (\d+)/.exec(await readFile(join(s.h.folder, 'status'), 'utf8'))![1]
  process.kill(Number(pid), 'SIGKILL')
  await slow
  const found = await s.select(matchers('__name__=http_requests_ratio'), { after: T - 1, until: T + 60_000 })
  assert.equal(found.length, 0)
  assert.equal((await s.select(matchers('__name__=http_requests'), { after: T - 1, until: T + 60_000 })).length, 1)
})

test('the tables of `schema: otel` cannot be asked', async () => {
  const { exporter } = makeExporter({ endpoint: 'http://127.0.0.1:1', schema: 'otel' })
  const store = await storeOf(exporter)
  const request = { sets: [], start: 0, end: 1, limits: LIMITS }
  await assert.rejects(store.series(request, signal()), { kind: 'execution', message: /use `schema: compact`/ })
})

test('a server that is away is unavailable', async () => {
  const { exporter } = makeExporter({ endpoint: 'http://127.0.0.1:1' })
  const store = await storeOf(exporter)
  await assert.rejects(store.metadata(signal()), { kind: 'unavailable', message: /^the store cannot be asked: / })
})
