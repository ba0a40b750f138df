import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareNaturally } from '../../../../core/promql/engine/natural-order.ts'

test('numbers in texts go by their value', () => {
  const cases: string[][] = [
    ['', '1', '2', '10', '100'],
    ['4m5', '4m600', '4m1000'],
    ['1.2.3', '1.11.3', '1.111.3'],
    ['a', 'a0', 'a01', 'a1', 'a2', 'b'],
    ['B', 'a'],
    ['9007199254740993', '9007199254740994', '90071992547409930']
  ]
  for (const sorted of cases) assert.deepEqual(sorted.toReversed().sort(compareNaturally), sorted)
})
