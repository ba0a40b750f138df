import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WrittenTimes } from '../../../exporters/clickhouse/written-times.ts'
import { PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'

const METRIC = { name: 'queue', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
const { series } = testContext()

function blockOf(...times: number[]) {
  const builder = new PointBlockBuilder()
  for (const time of times) builder.add(series.intern(METRIC, []), time, 1)
  return builder.build()
}

test('it tells from which time on samples changed since a number of writes', () => {
  const written = new WrittenTimes()
  written.wrote(blockOf(500.75, 900), true)
  written.wrote(blockOf(700), false)
  written.wrote(blockOf(), false)
  assert.deepEqual(written.writes, { blocks: 3, series: 1 })
  assert.deepEqual(
    [0, 1, 2, 3].map(since => written.changedFrom(since)),
    [500, 700, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  )
})

test('of writes long ago it knows that anything may have changed', () => {
  const written = new WrittenTimes()
  for (let i = 0; i < 10_000; i++) written.wrote(blockOf(1000 + i), false)
  assert.equal(written.changedFrom(9_000), 10_000)
  assert.equal(written.changedFrom(0), Number.MIN_SAFE_INTEGER)
})

test('exporters with the same folder and database have the same writes, and others have not', () => {
  const of = (embedded: string | undefined, database = 'weir') => WrittenTimes.of({ embedded, database } as never)
  assert.equal(of('./data/test'), of('data/test/'))
  assert.notEqual(of('./data/test'), of('./data/test', 'other'))
  assert.notEqual(of(undefined), of(undefined))
})
