import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '../../../exporters/clickhouse/config.ts'
import clickhouse from '../../../exporters/clickhouse/index.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'

test('defaults', () => {
  assert.deepEqual(testConfig<Config>(clickhouse as never, { embedded: './data' }), {
    embedded: './data',
    username: 'default',
    password: '',
    database: 'weir',
    schema: 'compact',
    ttl: 30 * 86_400_000,
    create_schema: true
  })
})

test('what is refused', () => {
  const cases: [string, Record<string, unknown>, RegExp][] = [
    ['neither', {}, /needs `embedded: .*` .* or `endpoint/],
    ['both', { embedded: './data', endpoint: 'http://localhost:8123' }, /exclude each other/],
    ['no scheme', { endpoint: 'localhost:8123' }, /endpoint must match pattern/],
    ['a database that is SQL', { embedded: './data', database: 'x; DROP' }, /database must match pattern/],
    ['an unknown schema', { embedded: './data', schema: 'wide' }, /must be equal to one of/]
  ]
  for (const [name, config, want] of cases) assert.throws(() => testConfig(clickhouse as never, config), want, name)
})
