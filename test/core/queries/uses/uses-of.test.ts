import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from '../../../../core/promql/parser/parse.ts'
import { usesOf } from '../../../../core/queries/uses/uses-of.ts'

/** `metric: labels`, and `but labels` if the result depends on all others. */
const CASES: readonly (readonly [query: string, ...uses: string[]])[] = [
  ['up', 'up: but'],
  ['up{job="a"}', 'up: job but'],
  ['{job="a"}', 'any: job but'],
  ['{__name__=~"a|b", x!=""}', 'a: x but', 'b: x but'],
  ['{__name__=~"a.*"}', 'any: but'],
  ['sum(rate(hits[5m]))', 'hits:'],
  ['sum by (plan) (rate(hits{app="x"}[5m]))', 'hits: app plan'],
  ['sum without (user) (rate(hits[5m]))', 'hits: but user'],
  ['sum by (a) (sum without (b) (hits))', 'hits: a but b'],
  ['max by (plan) (hits)', 'hits: plan but'],
  ['avg(hits)', 'hits: but'],
  ['count(hits)', 'hits: but'],
  ['sum(max_over_time(hits[5m]))', 'hits: but'],
  ['sum(hits > 5)', 'hits: but'],
  ['sum(hits) > 5', 'hits:'],
  ['sum(hits) * 100', 'hits:'],
  ['topk(3, sum by (plan) (hits))', 'hits: plan'],
  ['topk by (x) (3, hits)', 'hits: x but'],
  ['sum by (plan) (hits) / on (plan) sum by (plan) (misses)', 'hits: plan', 'misses: plan'],
  ['sum(a * on (host) group_left (owner) b)', 'a: host owner', 'b: host owner'],
  ['sum(a * ignoring (code) b)', 'a: but code', 'b: but code'],
  ['histogram_quantile(0.9, sum by (le, route) (rate(d_bucket[5m])))', 'd_bucket: le route'],
  ['sum by (x) (label_replace(hits, "x", "$1", "path", "(.*)"))', 'hits: $1 (.*) path x'],
  ['absent(up{job="a"})', 'up: job'],
  ['sum by (plan) (sum_over_time(hits[5m:1m]))', 'hits: plan'],
  ['-sum by (plan) ((hits offset 1h))', 'hits: plan'],
  ['quantile(scalar(q), hits)', 'q:', 'hits: but'],
  ['1 + 1']
]

for (const [query, ...want] of CASES) {
  test(`labels that ${query} depends on`, () => {
    const uses = usesOf(parse(query)).map(({ metric = 'any', labels, allExcept }) =>
      [`${metric}:`, ...[...labels].sort(), ...(allExcept === undefined ? [] : ['but', ...allExcept])].join(' ')
    )
    assert.deepEqual(uses, want)
  })
}
