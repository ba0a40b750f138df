import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inOrder, risingOrder } from '../../../../exporters/clickhouse/promql/rising-order.ts'

for (const [name, numbers] of [
  ['nothing', []],
  ['one number', [5]],
  ['numbers that rise', [1, 2, 2, 3]],
  ['two runs', [4, 5, 9, 1, 2, 6]],
  ['an odd number of runs', [7, 8, 4, 5, 1, 2, 2]],
  ['numbers that fall', [5, 4, 3, 2, 1]],
  ['numbers without order', Array.from({ length: 1000 }, (_, i) => (i * 7919) % 613)]
] as const)
  test(`the order of ${name}`, () => {
    const order = risingOrder(Float64Array.from(numbers))
    const wanted = numbers.map((number, i) => [number, i] as const).toSorted(([a], [b]) => a - b)
    assert.deepEqual(
      [...order],
      wanted.map(([, i]) => i)
    )
    assert.deepEqual(
      [...inOrder(Float64Array.from(numbers), order)],
      wanted.map(([number]) => number)
    )
  })
