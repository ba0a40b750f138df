import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { wholeOf } from '../../../exporters/clickhouse/answer.ts'
import type { Config } from '../../../exporters/clickhouse/config.ts'
import { Engine } from '../../../exporters/clickhouse/engine.ts'
import clickhouse from '../../../exporters/clickhouse/index.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'
import { startClickHouse } from '../../servers/clickhouse.ts'
import { freePort } from '../../servers/free-port.ts'
import { type Ask, embedded, FOREVER, type Harness, makeExporter, serve, signal, temporaryFolder } from './harness.ts'
import { counterBlock } from './samples.ts'

let folder: string
let h: Harness
let ask: Ask
let close: () => void

before(async () => {
  folder = await temporaryFolder()
  h = await embedded(FOREVER, folder)
  await h.exporter.export(counterBlock(h.context.series, 20, 2), signal())
  ;({ ask, close } = await serve(h.context))
})
after(async () => {
  close()
  await h.exporter.stop(signal())
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

test('answers in the format asked for, from the configured database', async () => {
  const sql =
    "SELECT attributes['route'] AS route, sum(value) AS total FROM metrics GROUP BY route ORDER BY route -- all"
  const cases: [string | undefined, string, RegExp][] = [
    [undefined, 'text/plain; charset=utf-8', /┌─route─┬─total─┐[\s\S]*│ \/r0 {3}│ {4}90 │/],
    ['JSON', 'application/json; charset=utf-8', /"data":[\s\S]*"total": 90/],
    ['CSV', 'text/csv; charset=utf-8', /^"\/r0",90\n"\/r1",100\n$/],
    ['TSV', 'text/tab-separated-values; charset=utf-8', /^\/r0\t90\n\/r1\t100\n$/]
  ]
  for (const [format, type, want] of cases) {
    const answer = await ask(sql, format)
    assert.deepEqual([answer.status, answer.type], [200, type])
    assert.match(answer.text, want, String(format))
  }
  assert.match((await ask('SHOW TABLES;')).text, /metrics/)
  assert.match((await ask('DESCRIBE TABLE metrics')).text, /attributes/)
  assert.equal((await ask("SELECT 'a\\'b' || $$c'd$$ AS `x'y`", 'TSV')).text, "a\\'bc\\'d\n")
})

const WRITES = [
  "INSERT INTO samples (name) VALUES ('x')",
  'DROP TABLE samples',
  'TRUNCATE TABLE samples',
  'ALTER TABLE samples DELETE WHERE 1',
  'CREATE TABLE t (x UInt8) ENGINE = Memory',
  'CREATE TEMPORARY TABLE t (x UInt8)',
  'SET readonly = 0',
  'SYSTEM FLUSH LOGS',
  'OPTIMIZE TABLE samples',
  'KILL QUERY WHERE 1',
  'USE system'
]

test('refuses whatever is not reading', async () => {
  for (const sql of [...WRITES, 'SELECT 1; DROP TABLE samples', 'SELECT 1 SETTINGS readonly = 0']) {
    const { status, text } = await ask(sql)
    assert.equal(status, 400, sql)
    assert.match(text, /this is for reading|Multi-statements are not allowed|READONLY/, sql)
  }
})

test('the engine itself refuses it as well', async () => {
  const engine = new Engine(testConfig<Config>(clickhouse as never, { embedded: folder }), h.context)
  try {
    for (const sql of WRITES.filter(sql => !/^(KILL|USE)/.test(sql)).concat('SELECT 1; DROP TABLE samples'))
      await assert.rejects(engine.query({ sql, format: 'TSV' }), /readonly/, sql)
    const answer = await engine.query({ sql: 'SELECT count() FROM metrics', format: 'TSV' })
    assert.equal(String(await wholeOf(answer, 100)), '20\n')
  } finally {
    await engine.close()
  }
  await h.exporter.export(counterBlock(h.context.series, 40, 2), signal())
  assert.equal((await ask('SELECT count() FROM metrics', 'TSV')).text, '40\n')
})

test('does not reach files or other hosts', async () => {
  const out = join(await mkdtemp(join(tmpdir(), 'weir-query-')), 'out.csv')
  const cases = [
    `SELECT 1 INTO OUTFILE '${out}'`,
    `SELECT 1 INTO/**/OUTFILE '${out}' FORMAT CSV`,
    "SELECT file('/etc/hostname')",
    "SELECT `\\x66ile`('/etc/hostname')",
    'SELECT "file"(\'/etc/hostname\')',
    "SELECT 1 AS `a'`, file('/etc/hostname') AS `b'`",
    "SELECT 'it\\'s', file('/etc/hostname'), ''",
    "SELECT * APPLY(file) FROM (SELECT '/etc/hostname' AS x)",
    "SELECT arrayMap(file, ['/etc/hostname'])",
    "EXPLAIN SELECT file('/etc/hostname')",
    "SELECT * FROM file('/etc/hostname', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1:1', system.one)",
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/x.csv')",
    "SELECT * FROM executable('ls', TSV, 'x String')",
    "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM sqlite('/etc/hostname', 't')"
  ]
  for (const sql of cases) {
    const { status, text } = await ask(sql)
    assert.equal(status, 400, `${sql}: ${text}`)
    assert.match(text, /reaches files outside|READONLY/, sql)
  }
  assert.equal(existsSync(out), false)
  await rm(join(out, '..'), { recursive: true })
  assert.equal((await ask("SELECT 'INTO OUTFILE file(' AS x", 'TSV')).text, 'INTO OUTFILE file(\n')
})

test("errors carry ClickHouse's message", async () => {
  const cases: [string, string | undefined, number, RegExp][] = [
    ['SELCT 1', undefined, 400, /^ClickHouse 62: Syntax error: failed at position 7 \(1\): .* \(SYNTAX_ERROR\)\n$/s],
    ['SELECT nosuch FROM metrics', undefined, 400, /^ClickHouse 47: .*nosuch.*UNKNOWN_IDENTIFIER/s],
    ['SELECT 1', 'Nonsense', 400, /Nonsense/],
    ['SELECT 1', 'a b', 400, /not the name of a format/],
    ['', undefined, 400, /Syntax error|Empty query/],
    ['SELECT 1 \u0000 + 1', undefined, 400, /^ClickHouse 62: .*position 10.*NUL character/s],
    [`SELECT '${'x'.repeat(2 ** 20)}'`, undefined, 413, /larger than 1048576 bytes/]
  ]
  for (const [sql, format, status, want] of cases) {
    const answer = await ask(sql, format)
    assert.equal(answer.status, status, sql.slice(0, 50))
    assert.match(answer.text, want)
  }
})

test('a served engine answers and refuses alike; one that is down is a 503', async () => {
  const port = await freePort()
  const query = { max_memory_usage: '100MiB', max_result_bytes: '1MiB' }
  const { context, exporter } = makeExporter({ endpoint: `http://127.0.0.1:${port}`, query, ...FOREVER })
  const route = await serve(context)
  assert.equal((await route.ask('SELECT 1')).status, 503)
  const server = await startClickHouse({ port })
  try {
    await exporter.export(counterBlock(context.series, 20, 2), signal())
    assert.deepEqual((await route.ask('SELECT count() FROM metrics', 'CSV')).text, '20\n')
    assert.equal((await route.ask('DROP TABLE samples')).status, 400)
    for (const [sql, want] of [
      ['SELECT uniqExact(number) FROM numbers(50000000)', /^ClickHouse 241: .*memory limit exceeded/],
      ['SELECT number FROM numbers(10000000)', /^ClickHouse 396: Limit for result exceeded/]
    ] as const) {
      const { status, text } = await route.ask(sql, 'TSV')
      assert.equal(status, 400)
      assert.match(text, want)
    }
    const engine = new Engine(testConfig<Config>(clickhouse as never, { endpoint: server.url }), context)
    await assert.rejects(engine.query({ sql: 'DROP TABLE samples', format: 'TSV' }), /readonly/)
    await engine.close()
  } finally {
    route.close()
    await exporter.stop(signal())
    await server.stop()
  }
})
