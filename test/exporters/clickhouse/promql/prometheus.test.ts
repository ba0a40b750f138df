import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prometheusProgram } from '../../../servers/prometheus.ts'
import { compareStores } from './differential/compare.ts'

const { path, skip } = await prometheusProgram()

const SEED = 7
const QUERIES = 200

test('random queries of ClickHouse have the results that Prometheus gives', { skip }, async t => {
  const outcome = await compareStores(t, { prometheus: path, version: 2, seed: SEED, queries: QUERIES })
  assert.deepEqual(outcome.differences, [])
  assert.ok(outcome.answered > QUERIES / 2, `${outcome.answered} queries have a result`)
  assert.ok(outcome.refused < QUERIES / 10, `${outcome.refused} queries are refused`)
})
