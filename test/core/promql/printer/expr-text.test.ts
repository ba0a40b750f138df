import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parse } from '../../../../core/promql/parser/parse.ts'
import { exprText } from '../../../../core/promql/printer/expr-text.ts'

/** What Prometheus 3.14 prints for these. Without a text the query itself. */
const CASES: readonly (readonly [query: string, text?: string])[] = [
  ['sum by() (a{b="c"})', 'sum(a{b="c"})'],
  ['sum (a) by (c,d)', 'sum by (c, d) (a)'],
  ['sum without() (a)', 'sum without () (a)'],
  ['sum by("foo.bar", "e") (a)', 'sum by ("foo.bar", e) (a)'],
  ['topk(5, a)'],
  ['count_values("value", a)'],
  ['a - on() c', 'a - on () c'],
  ['a - on(b) group_left c', 'a - on (b) group_left () c'],
  ['a - ignoring() c', 'a - c'],
  ['a - ignoring() group_right(x) c', 'a - ignoring () group_right (x) c'],
  ['a+fill(-23) b', 'a + fill (-23) b'],
  ['a + fill_left(5) fill_right(5) b', 'a + fill (5) b'],
  ['a + fill_right(1) fill_left(2) b', 'a + fill_left (2) fill_right (1) b'],
  ['up >bool 0', 'up > bool 0'],
  ['a offset -7m'],
  ['a{d="e",c!="d"}[5m] offset 1m', 'a{c!="d",d="e"}[5m] offset 1m'],
  ['a[90m:300s] offset 1d', 'a[1h30m:5m] offset 1d'],
  ['a[7d]', 'a[1w]'],
  ['a[8d]'],
  ['a[730d]', 'a[2y]'],
  ['a[61001ms]', 'a[1m1s1ms]'],
  ['a @ 10', 'a @ 10.000'],
  ['a[1m] offset 5m @ end()', 'a[1m] @ end() offset 5m'],
  ['a{b="c"}[5m] smoothed @ start() offset 1m'],
  ['a @ 1 anchored', 'a @ 1.000 anchored'],
  ['{__name__="a"}'],
  ['{"a.b"}', '{__name__="a.b"}'],
  ['{"_0"=\'1\', "a b"=~`c"d`}', '{"a b"=~"c\\"d",_0="1"}'],
  ['a{b="\\n\\t\\\\\\u00e9\\x01"}', 'a{b="\\n\\t\\\\é\\x01"}'],
  ['1048576'],
  ['1e3', '1000'],
  ['1e-7', '0.0000001'],
  ['1e21', '1000000000000000000000'],
  ['0x10', '16'],
  ['-INF', '-Inf'],
  ['Inf ^ 2'],
  ['1h', '1h'],
  ['-90s', '-1m30s'],
  ['2 ^ -a'],
  ['- - (a)', '--(a)'],
  ['"it\'s"'],
  ['a[step()]'],
  ['a[-(step())+1h]', 'a[-(step()) + 1h]'],
  ['a offset +(5)', 'a offset (5)'],
  ['a offset -min_of(10s, +max_of(step() ^ 2, 2))', 'a offset -min_of(10s, max_of(step() ^ 2, 2))'],
  ['info(a, {b="c"})'],
  ['round( a,5 )', 'round(a, 5)']
]

describe('an expression in one line', () => {
  for (const [query, want = query] of CASES)
    it(query, () => {
      const text = exprText(parse(query, { experimental: true }))
      assert.equal(text, want)
      assert.equal(exprText(parse(text, { experimental: true })), text)
    })
})
