import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, shown, storeOf } from '../ask.ts'

const MINUTE = 60_000
const RANGE = { start: 0, end: 3 * MINUTE, stepMs: MINUTE }

test('series that replace each other on the side of one are partners in turn', async () => {
  const store = storeOf({
    'many{node="n", pod="a"}': [1, 2, 3, 4],
    'many{node="n", pod="b"}': [10, 20, 30, 40],
    'one{node="n", version="1"}': [2, 2, 'stale'],
    'one{node="n", version="2"}': [undefined, undefined, 3, 3]
  })
  assert.deepEqual(shown(await ask('many * on(node) group_left one', store, RANGE)), [
    '{node="n", pod="a"} 2@0 4@60 9@120 12@180',
    '{node="n", pod="b"} 20@0 40@60 90@120 120@180'
  ])
  assert.deepEqual(shown(await ask('many * on(node) group_left(version) one', store, RANGE)), [
    '{node="n", pod="a", version="1"} 2@0 4@60',
    '{node="n", pod="a", version="2"} 9@120 12@180',
    '{node="n", pod="b", version="1"} 20@0 40@60',
    '{node="n", pod="b", version="2"} 90@120 120@180'
  ])
})

test('matches that are not unique', async () => {
  const store = storeOf({
    'a{x="1", y="1"}': [1],
    'a{x="1", y="2"}': [2],
    'b{x="1", y="1"}': [1],
    'b{x="1", y="2"}': [2],
    'c{x="1"}': [3]
  })
  const cases: [query: string, message: RegExp][] = [
    [
      'c + on(x) b',
      /duplicate series for the match group {x="1"} on the right hand-side of the operation: \[{__name__="b"/
    ],
    ['b + on(x) group_right c', /duplicate series .* on the left hand-side/],
    ['a + on(x) c', /many-to-one matching must be explicit \(group_left\/group_right\)/],
    ['a == on(x) c', /many-to-one matching must be explicit/],
    ['a + on(x) group_left(y) label_replace(c, "y", "1", "", "")', /grouping labels must ensure unique matches/]
  ]
  for (const [query, message] of cases)
    await assert.rejects(ask(query, store, 0), { kind: 'execution', message }, query)
})

test('nothing is wrong with duplicates at a time at which there is nothing to match', async () => {
  const store = storeOf({
    'one{x="1", y="1"}': [1, 1],
    'one{x="1", y="2"}': [2, 'stale'],
    'many{x="1"}': [undefined, 5]
  })
  assert.deepEqual(shown(await ask('many + on(x) one', store, { ...RANGE, end: MINUTE })), ['{x="1"} 6@60'])
})

test('set operators choose samples at each time', async () => {
  const store = storeOf({ 'a{x="1"}': [1, 2, 3, 4], 'a{x="2"}': [1, 2, 3, 4], 'b{x="1"}': [0, 'stale', undefined, 9] })
  const cases: [query: string, want: string[]][] = [
    ['a and on(x) b', ['{__name__="a", x="1"} 1@0 4@180']],
    ['a unless on(x) b', ['{__name__="a", x="1"} 2@60 3@120', '{__name__="a", x="2"} 1@0 2@60 3@120 4@180']],
    ['b or on(x) a{x="1"}', ['{__name__="a", x="1"} 2@60 3@120', '{__name__="b", x="1"} 0@0 9@180']]
  ]
  for (const [query, want] of cases) assert.deepEqual(shown(await ask(query, store, RANGE)), want, query)
})

test('powers are those of IEEE 754', async () => {
  const store = storeOf({})
  const cases: [query: string, want: number][] = [
    ['1 ^ NaN', 1],
    ['NaN ^ 0', 1],
    ['-1 ^ Inf', -1],
    ['(-1) ^ Inf', 1],
    ['2 ^ -1', 0.5],
    ['-7 % 3', -1],
    ['7 % -3', 1]
  ]
  for (const [query, want] of cases) assert.equal(shown(await ask(query, store, 0)), want, query)
})
