import assert from 'node:assert/strict'
import { test } from 'node:test'
import { itemsIn, outside, overlap, overlaps, pickItems, unpicked } from '../../../core/model/ranges.ts'
import { numbered, valuesOf } from '../pipeline/sending-queue/blocks.ts'

type Pairs = readonly (readonly [from: number, to: number])[]
const ranges = (pairs: Pairs) => pairs.map(([from, to]) => ({ from, to }))

const cases: readonly [what: string, pairs: Pairs, bounds: readonly [number, number], want: Pairs][] = [
  ['none', [], [0, 9], []],
  ['inside', [[2, 3]], [1, 9], [[2, 3]]],
  ['cut at both ends', [[0, 9]], [2, 5], [[2, 5]]],
  [
    'one before, one in, one behind',
    [
      [0, 2],
      [3, 4],
      [5, 6]
    ],
    [2, 5],
    [[3, 4]]
  ],
  ['an empty place', [[0, 9]], [4, 4], []]
]
for (const [what, pairs, [from, to], want] of cases)
  test(`overlap: ${what}`, () => assert.deepEqual(overlap(ranges(pairs), { from, to }), ranges(want)))

test('overlaps: of each place, though a range reaches over several and a place is empty', () => {
  const places = ranges([
    [0, 2],
    [2, 2],
    [2, 5],
    [5, 9]
  ])
  const found = overlaps(
    ranges([
      [1, 3],
      [4, 8]
    ]),
    places
  )
  assert.deepEqual(
    found.map(within => within.map(({ from, to }) => [from, to])),
    [
      [[1, 2]],
      [],
      [
        [2, 3],
        [4, 5]
      ],
      [[5, 8]]
    ]
  )
})

test('a pick of a pick is the same as one pick', () => {
  const block = numbered(20)
  const first = ranges([
    [1, 4],
    [6, 7],
    [10, 18]
  ])
  const picked = pickItems(block, first)
  assert.deepEqual(valuesOf(picked), [1, 2, 3, 6, 10, 11, 12, 13, 14, 15, 16, 17])
  for (const second of [
    ranges([[0, 12]]),
    ranges([[2, 6]]),
    ranges([
      [0, 1],
      [3, 4],
      [11, 12]
    ])
  ]) {
    const atOnce = unpicked(second, first)
    assert.equal(itemsIn(atOnce), itemsIn(second))
    assert.deepEqual(valuesOf(pickItems(block, atOnce)), valuesOf(pickItems(picked, second)))
  }
  assert.deepEqual(unpicked([], first), [])
})

test('items in none of some ranges', () => {
  for (const [ranges, length, want] of [
    [[], 3, ['0-3']],
    [[[0, 3]], 3, []],
    [[[1, 2]], 3, ['0-1', '2-3']],
    [
      [
        [2, 3],
        [0, 1]
      ],
      4,
      ['1-2', '3-4']
    ],
    [
      [
        [0, 1],
        [1, 2]
      ],
      2,
      []
    ],
    [[], 0, []]
  ] as [[number, number][], number, string[]][]) {
    const rest = outside(
      ranges.map(([from, to]) => ({ from, to })),
      length
    )
    assert.deepEqual(
      rest.map(({ from, to }) => `${from}-${to}`),
      want
    )
  }
})
