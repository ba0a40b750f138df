import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '../../../exporters/clickhouse/config.ts'
import clickhouse from '../../../exporters/clickhouse/index.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'

const DAY_MS = 86_400_000

test('defaults', () => {
  assert.deepEqual(testConfig<Config>(clickhouse as never, { embedded: './data' }), {
    embedded: './data',
    username: 'default',
    password: '',
    database: 'weir',
    schema: 'compact',
    ttl: 30 * DAY_MS,
    tiers: { '1s': DAY_MS, '10s': 7 * DAY_MS, '1m': 30 * DAY_MS, '1h': 365 * DAY_MS, '1d': 5 * 365 * DAY_MS },
    create_schema: true,
    cluster: '',
    engine: 'merge_tree',
    query: {
      max_concurrent: 2,
      max_queued: 16,
      queue_timeout: 10_000,
      max_execution_time: 60_000,
      max_memory_usage: 2 ** 30,
      max_result_bytes: 64 * 2 ** 20
    }
  })
})

test('compact tables replace a value, the others keep both', () => {
  const upsert = (schema: string) => clickhouse.upsert?.(testConfig(clickhouse, { embedded: './data', schema }))
  assert.deepEqual(['compact', 'otel'].map(upsert), ['replace', 'identical'])
})

test('options that are refused', () => {
  const cases: [string, Record<string, unknown>, RegExp][] = [
    ['neither', {}, /needs `embedded: .*` .* or `endpoint/],
    ['both', { embedded: './data', endpoint: 'http://localhost:8123' }, /exclude each other/],
    ['no scheme', { endpoint: 'localhost:8123' }, /endpoint must match pattern/],
    ['a database that is SQL', { embedded: './data', database: 'x; DROP' }, /database must match pattern/],
    [
      'a tier that is SQL',
      { embedded: './data', tiers: { 'x; DROP': '1d' } },
      /tiers\.x; DROP: is not the size of a tier/
    ],
    [
      'a tier nobody would meet',
      { embedded: './data', tiers: { '60s': '1d' } },
      /tiers\.60s: .*rollup="1m".*write `1m`/
    ],
    ['a cluster of none', { embedded: './data', cluster: 'c' }, /cluster: needs a server: use `endpoint`/],
    ['replicas of none', { embedded: './data', engine: 'replicated' }, /engine: is `replicated`, which needs a server/],
    ['a cluster that is SQL', { endpoint: 'http://h', cluster: "c' (" }, /cluster must match pattern/],
    [
      'a TTL past 2106',
      { embedded: './data', ttl: '26000d' },
      /ttl: is longer than 25000d, .*use `0` to keep data forever/
    ],
    ['a tier past 2106', { embedded: './data', tiers: { '1d': '26000d' } }, /tiers.1d: is longer than 25000d/],
    ['an unknown schema', { embedded: './data', schema: 'wide' }, /must be equal to one of/]
  ]
  for (const [name, config, want] of cases) assert.throws(() => testConfig(clickhouse as never, config), want, name)
})
