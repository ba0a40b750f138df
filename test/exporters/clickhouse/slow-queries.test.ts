import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually } from '../../e2e/eventually.ts'
import { embedded, FOREVER, type Harness, serve, signal } from './harness.ts'
import { counterBlock } from './samples.ts'

/** Runs for an hour, or until it is stopped. */
const SLOW = 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1'

async function running(h: Harness): Promise<number> {
  const isSlow = "query LIKE '%sipHash64%' AND query NOT LIKE '%system.processes%'"
  const [{ n }] = await h.rows<{ n: number }>(`SELECT toUInt32(count()) AS n FROM system.processes WHERE ${isSlow}`)
  return n
}

test('regression: four slow queries held up exports, and every file of the process', async () => {
  await using h = await embedded(FOREVER)
  await h.exporter.export(counterBlock(h.context.series, 10, 1), signal())
  const { ask, close } = await serve(h.context)
  const clients = new AbortController()
  const answers = Promise.allSettled(Array.from({ length: 4 }, () => ask(SLOW, 'TSV', clients.signal)))
  await eventually('as many run as may', async () => (await running(h)) === 2)
  const begun = performance.now()
  await h.exporter.export(counterBlock(h.context.series, 20, 1), AbortSignal.timeout(5000))
  await readFile(import.meta.filename)
  assert.ok(performance.now() - begun < 5000)
  clients.abort()
  await answers
  await eventually('a query whose client left is stopped', async () => (await running(h)) === 0)
  assert.equal((await ask('SELECT 1', 'TSV')).text, '1\n')
  close()
})

test('queries beyond those that may run and wait get 503', async () => {
  await using h = await embedded({ ...FOREVER, query: { max_concurrent: 1, max_queued: 0 } })
  const { ask, close } = await serve(h.context)
  const client = new AbortController()
  const slow = assert.rejects(ask(SLOW, 'TSV', client.signal))
  await eventually('it runs', async () => (await running(h)) === 1)
  const { status, text } = await ask('SELECT 2', 'TSV')
  assert.equal(status, 503)
  assert.match(text, /^1 queries run \(max_concurrent\) and 0 wait \(max_queued\): try again later, or raise/)
  client.abort()
  await slow
  await eventually('its place is free', async () => (await ask('SELECT 3', 'TSV')).text === '3\n')
  close()
})

test('a query whose engine is killed gets 503, and the next one an answer', async () => {
  await using h = await embedded(FOREVER)
  const { ask, close } = await serve(h.context)
  const slow = ask(SLOW, 'TSV')
  await eventually('it runs', async () => (await running(h)) === 1)
  process.kill(Number(/^PID: (\d+)/.exec(await readFile(join(h.folder, 'status'), 'utf8'))![1]), 'SIGKILL')
  const { status, text } = await slow
  assert.deepEqual([status, text], [503, 'the process of the embedded engine ended (SIGKILL)\n'])
  assert.equal((await ask('SELECT 1', 'TSV')).text, '1\n')
  close()
})

test('a query takes no more memory, time and result than it may', async () => {
  const query = { max_execution_time: '1s', max_memory_usage: '100MiB', max_result_bytes: '1MiB' }
  await using h = await embedded({ ...FOREVER, query })
  const { ask, close } = await serve(h.context)
  const cases: [string, RegExp][] = [
    [SLOW, /^ClickHouse 159: Timeout exceeded/],
    ['SELECT uniqExact(number) FROM numbers(50000000)', /^ClickHouse 241: .*memory limit exceeded/],
    ['SELECT number FROM numbers(10000000)', /^ClickHouse 396: Limit for result exceeded/],
    ['SELECT 1 SETTINGS max_memory_usage = 0', /READONLY/]
  ]
  for (const [sql, want] of cases) {
    const { status, text } = await ask(sql, 'TSV')
    assert.equal(status, 400, text)
    assert.match(text, want)
  }
  const whole = await ask('SELECT number FROM numbers(100000)', 'CSV')
  assert.equal(whole.text, Array.from({ length: 100_000 }, (_, i) => `${i}\n`).join(''))
  close()
})
