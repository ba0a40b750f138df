import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latestRows, overlapsIn } from '../../../../exporters/clickhouse/promql/overlaps.ts'

type Range = [from: number, to: number]
const cases: [name: string, parts: Range[], want: Range[]][] = [
  ['none', [], []],
  ['one part', [[1, 9]], []],
  [
    'parts side by side',
    [
      [6, 9],
      [1, 5]
    ],
    []
  ],
  [
    'parts that share one time',
    [
      [1, 5],
      [5, 9]
    ],
    [[5, 5]]
  ],
  [
    'parts that overlap',
    [
      [1, 6],
      [4, 9]
    ],
    [[4, 6]]
  ],
  [
    'one inside another',
    [
      [1, 9],
      [3, 4],
      [6, 7]
    ],
    [
      [3, 4],
      [6, 7]
    ]
  ],
  [
    'three at once',
    [
      [1, 9],
      [2, 6],
      [4, 8]
    ],
    [[2, 8]]
  ],
  [
    'overlaps in a row',
    [
      [1, 4],
      [3, 8],
      [7, 9]
    ],
    [
      [3, 4],
      [7, 8]
    ]
  ]
]

for (const [name, parts, want] of cases)
  test(`times that several parts have: ${name}`, () => {
    const found = overlapsIn(parts.map(([from, to]) => ({ from, to })))
    assert.deepEqual(found === 'all' ? found : found.map(({ from, to }) => [from, to]), want)
  })

const RANGE = { after: 10, until: 20 }
const rows = (overlaps: Parameters<typeof latestRows>[3]) => latestRows('t', 'x', 'w', overlaps, RANGE)

test('FINAL is only for times with several versions, within the range', () => {
  assert.equal(rows([]), 'SELECT x FROM t  WHERE w')
  assert.equal(rows('all'), 'SELECT x FROM t FINAL WHERE w')
  assert.equal(rows([{ from: 25_000, to: 30_000 }]), 'SELECT x FROM t  WHERE w')
  assert.match(
    rows([{ from: 15_000, to: 16_000 }]),
    /^SELECT \* FROM \(SELECT x FROM t {2}WHERE w AND NOT \(time BETWEEN .*15000.* AND .*16000.*\) UNION ALL SELECT x FROM t FINAL WHERE w AND \(time BETWEEN/
  )
  assert.equal(
    rows(Array.from({ length: 100 }, (_, i) => ({ from: 15_000 + i, to: 15_000 + i }))),
    'SELECT x FROM t FINAL WHERE w'
  )
})
