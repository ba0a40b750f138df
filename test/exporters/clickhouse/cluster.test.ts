import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { insertSettings } from '../../../exporters/clickhouse/cluster.ts'
import { compactSchema } from '../../../exporters/clickhouse/compact-schema.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { type ClickHouse, startClickHouse } from '../../servers/clickhouse.ts'
import { startZooKeeper, type ZooKeeper, zooKeeperProgram } from '../../servers/zookeeper.ts'
import { FOREVER, makeExporter, serve, signal } from './harness.ts'
import { assertPromQl } from './promql/counted.ts'
import { storeOf } from './promql/store-harness.ts'
import { counterBlock, eventBlockOf, T } from './samples.ts'

const { path, skip } = await zooKeeperProgram()

describe('a cluster of one server, with a Keeper', { skip }, () => {
  let keeper: ZooKeeper
  let server: ClickHouse
  let databases = 0

  before(async () => {
    keeper = await startZooKeeper(path)
    server = await startClickHouse({ keeper: keeper.port })
  })
  after(async () => {
    await server?.stop()
    await keeper?.stop()
  })

  function made(config: Record<string, unknown>) {
    const database = `c${databases++}`
    const { context, exporter } = makeExporter({ endpoint: server.url, database, ...FOREVER, ...config })
    return { context, exporter, database, count: (table: string) => countOf(`${database}.${table}`) }
  }

  async function countOf(table: string): Promise<number> {
    const [{ n }] = await server.rows<{ n: number }>(`SELECT toUInt32(count()) AS n FROM ${table}`)
    return n
  }

  async function enginesOf(database: string): Promise<Record<string, string>> {
    const rows = await server.rows<{ name: string; engine: string }>(
      `SELECT name, engine FROM system.tables WHERE database = '${database}' ORDER BY name`
    )
    return Object.fromEntries(rows.map(({ name, engine }) => [name, engine]))
  }

  test('compact: tables of each server with a Distributed one in front; sent again they count once', async () => {
    const { exporter, context, database, count } = made({ cluster: 'one', tiers: {} })
    const points = counterBlock(context.series, 3000, 30)
    const events = eventBlockOf([T, T + 1])
    for (let i = 0; i < 2; i++) for (const block of [points, events]) await exporter.export(block, signal())
    assert.deepEqual(await enginesOf(database), {
      distributions: 'Distributed',
      distributions_local: 'ReplacingMergeTree',
      event_rows: 'Distributed',
      event_rows_local: 'ReplacingMergeTree',
      events: 'View',
      metrics: 'View',
      samples: 'Distributed',
      samples_local: 'ReplacingMergeTree',
      series: 'Distributed',
      series_local: 'AggregatingMergeTree'
    })
    assert.deepEqual(
      [await count('metrics'), await count('events'), await count('samples_local FINAL')],
      [3000, 2, 3000]
    )
    const sums = `SELECT attributes['route'] AS route, sum(value) AS n FROM ${database}.metrics GROUP BY route ORDER BY n LIMIT 1`
    assert.deepEqual(await server.rows(sums), [{ route: '/r0', n: 148_500 }])
    await exporter.stop(signal())
  })

  test('questions about events read the Distributed tables, and what was sent again counts once', async () => {
    const { exporter } = made({ cluster: 'one', tiers: {} })
    const builder = new EventBlockBuilder()
    for (const [i, name] of ['signup', 'checkout', 'signup'].entries())
      builder.add(T + i * 1000, name, [['user_id', i < 2 ? 'ann' : 'bob']], String(i), 1)
    for (const block of [builder.build(), builder.build()]) await exporter.export(block, signal())
    const { events } = await storeOf(exporter)
    const scope = { start: T, end: T + 60_000, matchers: [], of: 'user_id', limit: 1 }
    const uniques = await events!.groups({ ...scope, by: ['__name__'], stepMs: 60_000 }, signal())
    assert.deepEqual(uniques, [
      { values: ['signup'], total: [2, 2], steps: [[2, 2]] },
      { values: undefined, total: [1, 1], steps: [[1, 1]] }
    ])
    const [signup, checkout] = ['signup', 'checkout'].map(value => [{ name: '__name__', op: '=', value }] as const)
    const funnel = { ...scope, steps: [signup, checkout], windowMs: 5000, modes: [], by: undefined }
    assert.deepEqual(await events!.funnel(funnel, signal()), [{ value: undefined, reached: [2, 1] }])
    const retention = { ...scope, cohort: signup, returning: checkout, periodMs: 60_000, periods: 1 }
    assert.deepEqual(await events!.retention(retention, signal()), [{ start: T, actors: 2, returned: [1, 0] }])
    await exporter.stop(signal())
  })

  test('PromQL reads the Distributed tables, and what was sent again counts once', async () => {
    const { exporter, context } = made({ cluster: 'one', tiers: {} })
    for (let i = 0; i < 2; i++) await exporter.export(counterBlock(context.series, 30, 3), signal())
    await assertPromQl(exporter)
    await exporter.stop(signal())
  })

  test('otel: a block sent again counts once, by way of the Distributed tables', async () => {
    const { exporter, context, database, count } = made({ schema: 'otel', cluster: 'one' })
    const points = counterBlock(context.series, 500, 5)
    const events = eventBlockOf([T, T + 1])
    for (let i = 0; i < 2; i++) for (const block of [points, events]) await exporter.export(block, signal())
    assert.deepEqual([await count('otel_metrics_sum'), await count('otel_logs')], [500, 2])
    assert.equal((await enginesOf(database)).otel_logs_local, 'MergeTree')
    await exporter.stop(signal())
  })

  // The embedded engine makes them and reads them, but does not take part in replication: it stores nothing in them.
  for (const [schema, table, engine] of [
    ['compact', 'samples_local', 'ReplicatedReplacingMergeTree'],
    ['otel', 'otel_metrics_sum_local', 'ReplicatedMergeTree']
  ]) {
    test(`${schema}: replicated tables are made, by the shard and the replica of each server`, async () => {
      const { exporter, context, database } = made({ schema, cluster: 'one', engine: 'replicated' })
      const { ask, close } = await serve(context)
      const { status, text } = await ask('SELECT 1', 'TSV')
      assert.deepEqual([status, text], [200, '1\n'])
      close()
      assert.equal((await enginesOf(database))[table], engine)
      const replicas = `SELECT zookeeper_path AS path, replica_name AS name FROM system.replicas WHERE table = '${table}'`
      const path = `/clickhouse/tables/1/${database}/${table}`
      assert.deepEqual(await server.rows(`${replicas} AND database = '${database}'`), [{ path, name: 'r1' }])
      await exporter.stop(signal())
    })
  }

  test('every statement that makes or changes tables is for the whole cluster, and a TTL is kept as configured', async () => {
    const { exporter, context, database } = made({ cluster: 'one', ttl: '9000d' })
    await exporter.export(counterBlock(context.series, 10, 1), signal())
    // As a version before this column made them.
    for (const table of ['distributions_local', 'distributions'])
      await server.rows(`ALTER TABLE ${database}.${table} DROP COLUMN registers`)
    await exporter.stop(signal())
    const again = makeExporter({ endpoint: server.url, database, cluster: 'one', ttl: '9001d' })
    await again.exporter.export(counterBlock(again.context.series, 10, 1), signal())
    await again.exporter.stop(signal())
    const statements = (await server.clusterStatements()).filter(statement => statement.includes(database))
    const kinds = new Set(statements.map(statement => /^(\w+( OR REPLACE)? \w+)/.exec(statement)![1]))
    assert.deepEqual([...kinds].sort(), ['ALTER TABLE', 'CREATE DATABASE', 'CREATE OR REPLACE VIEW', 'CREATE TABLE'])
    const changes = statements.filter(statement => statement.startsWith('ALTER'))
    assert.deepEqual(
      changes.map(statement => /^ALTER TABLE \w+\.(\S+) ON CLUSTER 'one' ([A-Z]+ [A-Z]+)/.exec(statement)?.slice(1)),
      [
        ['distributions_local', 'ADD COLUMN'],
        ['distributions', 'ADD COLUMN'],
        ...['series_local', 'samples_local', 'distributions_local', 'event_rows_local'].map(name => [
          name,
          'MODIFY TTL'
        ])
      ]
    )
    const [{ engine_full }] = await server.rows<{ engine_full: string }>(
      `SELECT engine_full FROM system.tables WHERE database = '${database}' AND name = 'samples_local'`
    )
    assert.match(engine_full, /TTL toDateTime\(time\) \+ toIntervalSecond\(777686400\)/)
  })
})

test('replicated: no two inserts have a token in common, so that a value may return', () => {
  const { series } = testContext()
  const options = { database: 'd', cluster: '', ttlMs: 0, tiers: new Map(), sync: false, splitsMaps: false } as const
  const block = counterBlock(series, 10, 1)
  const tokensOf = (engine: 'merge_tree' | 'replicated') => {
    const schema = compactSchema({ ...options, engine })
    return [block, block].flatMap(block => schema.inserts(block).map(({ token }) => token))
  }
  const tokens = tokensOf('replicated')
  assert.equal(new Set(tokens).size, tokens.length)
  assert.deepEqual(new Set(tokensOf('merge_tree')), new Set([undefined]))
})

test('an insert is not collected with others, and in a cluster waits for the shards', () => {
  assert.deepEqual(insertSettings({ cluster: '' }), ['async_insert = 0'])
  assert.deepEqual(insertSettings({ cluster: 'c' }), ['async_insert = 0', 'distributed_foreground_insert = 1'])
})
