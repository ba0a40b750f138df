import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parse } from '../../../../core/promql/parser/parse.ts'
import { toJson } from '../../../../core/promql/printer/json.ts'

const NAMED_A = { name: '__name__', value: 'a', type: '=' }
const SELECTOR = {
  name: 'a',
  matchers: [NAMED_A],
  offset: 0,
  offsetExpr: null,
  timestamp: null,
  startOrEnd: null,
  anchored: false,
  smoothed: false
}
const A = { type: 'vectorSelector', ...SELECTOR }
const FIVE = { type: 'numberLiteral', val: '5' }

/** Shapes that Prometheus 3.14 answers. */
const CASES: readonly (readonly [query: string, json: object])[] = [
  ['5', FIVE],
  ['-Inf', { type: 'numberLiteral', val: '-Inf' }],
  ['1h', { type: 'numberLiteral', val: '3600' }],
  ['"b"', { type: 'stringLiteral', val: 'b' }],
  ['a', A],
  ['a @ 1.5 offset -1m', { ...A, offset: -60_000, timestamp: 1500 }],
  ['a @ end() smoothed', { ...A, startOrEnd: 'end', smoothed: true }],
  [
    '{b!~""} - -a',
    {
      type: 'binaryExpr',
      op: '-',
      lhs: { ...A, name: '', matchers: [{ name: 'b', value: '', type: '!~' }] },
      rhs: { type: 'unaryExpr', op: '-', expr: A },
      matching: {
        card: 'one-to-one',
        labels: [],
        on: false,
        include: [],
        fillValues: { lhs: null, rhs: null }
      },
      bool: false
    }
  ],
  [
    '(a) > bool 5',
    { type: 'binaryExpr', op: '>', lhs: { type: 'parenExpr', expr: A }, rhs: FIVE, matching: null, bool: true }
  ],
  ['a[5m] offset 1s', { type: 'matrixSelector', ...SELECTOR, offset: 1000, range: 300_000, rangeExpr: null }],
  [
    'a[5m:] @ start()',
    {
      type: 'subquery',
      expr: A,
      range: 300_000,
      rangeExpr: null,
      step: 0,
      stepExpr: null,
      offset: 0,
      offsetExpr: null,
      timestamp: null,
      startOrEnd: 'start'
    }
  ],
  [
    'a[-step():5]',
    {
      type: 'subquery',
      expr: A,
      range: 0,
      rangeExpr: {
        type: 'durationExpr',
        op: '-',
        lhs: null,
        rhs: { type: 'durationExpr', op: 'step', lhs: null, rhs: null, wrapped: false },
        wrapped: false
      },
      step: 5000,
      stepExpr: null,
      offset: 0,
      offsetExpr: null,
      timestamp: null,
      startOrEnd: null
    }
  ],
  ['sum without (b) (a)', { type: 'aggregation', op: 'sum', expr: A, param: null, grouping: ['b'], without: true }],
  ['topk(5, a)', { type: 'aggregation', op: 'topk', expr: A, param: FIVE, grouping: [], without: false }],
  [
    'round(a)',
    {
      type: 'call',
      func: { name: 'round', argTypes: ['vector', 'scalar'], variadic: 1, returnType: 'vector' },
      args: [A]
    }
  ]
]

describe('the syntax tree of the API', () => {
  for (const [query, want] of CASES)
    it(query, () => assert.deepEqual(toJson(parse(query, { experimental: true })), want))
  const variadic: readonly (readonly [query: string, variadic: number])[] = [
    ['abs(a)', 0],
    ['year()', 1],
    ['label_join(a, "b", "c")', -1],
    ['histogram_fraction(0, 1, a)', 0]
  ]
  for (const [query, want] of variadic)
    it(`how many arguments: ${query}`, () => {
      const { func } = toJson(parse(query)) as { func: { variadic: number } }
      assert.equal(func.variadic, want)
    })
})
