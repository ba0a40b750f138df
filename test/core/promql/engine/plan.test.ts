import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demandsOf } from '../../../../core/promql/engine/plan.ts'
import { lastTime, timesBetween } from '../../../../core/promql/engine/times.ts'
import { parse } from '../../../../core/promql/parser/parse.ts'

const SETTINGS = {
  start: 1_000_000,
  end: 1_060_000,
  lookbackMs: 300_000,
  defaultSubqueryStepMs: 60_000,
  delayedNameRemoval: false
}

function demands(text: string, settings = SETTINGS) {
  return demandsOf(parse(text, { experimental: true }), timesBetween(settings.start, settings.end, 30_000), settings)
}

test('the samples that selectors need', () => {
  // Samples after the first time less the range are needed, up to the last time.
  const cases: [
    query: string,
    first: number,
    last: number,
    stepMs: number,
    rangeMs: number,
    func: string | undefined
  ][] = [
    ['m', 1_000_000, 1_060_000, 30_000, 300_000, undefined],
    ['rate(m[1m])', 1_000_000, 1_060_000, 30_000, 60_000, 'rate'],
    ['sum(m)', 1_000_000, 1_060_000, 30_000, 300_000, 'sum'],
    ['-sum(abs(m))', 1_000_000, 1_060_000, 30_000, 300_000, 'abs'],
    ['sum(m + 1)', 1_000_000, 1_060_000, 30_000, 300_000, undefined],
    ['m offset 1m', 940_000, 1_000_000, 30_000, 300_000, undefined],
    ['m offset -1m', 1_060_000, 1_120_000, 30_000, 300_000, undefined],
    ['m @ 10', 10_000, 10_000, 1, 300_000, undefined],
    ['m @ 10 offset 4s', 6_000, 6_000, 1, 300_000, undefined],
    ['m @ start()', 1_000_000, 1_000_000, 1, 300_000, undefined],
    ['rate(m[1m] @ end())', 1_060_000, 1_060_000, 1, 60_000, 'rate'],
    // Multiples of the step after the start less the range, up to the end.
    ['max_over_time(m[5m:1m])', 720_000, 1_020_000, 60_000, 300_000, 'max_over_time'],
    ['max_over_time(m[5m:1m] offset 1m)', 660_000, 960_000, 60_000, 300_000, 'max_over_time'],
    ['max_over_time(rate(m[1m])[5m:] @ 600)', 360_000, 600_000, 60_000, 60_000, 'rate'],
    ['max_over_time(max_over_time(m[4m:2m])[5m:1m])', 600_000, 960_000, 120_000, 300_000, 'max_over_time'],
    ['max_over_time((m offset 1m)[5m:1m] @ end())', 720_000, 960_000, 60_000, 300_000, 'max_over_time']
  ]
  for (const [query, first, last, stepMs, rangeMs, func] of cases) {
    const [demand] = demands(query)
    const { times } = demand!
    assert.deepEqual(
      [times.start, lastTime(times), times.stepMs, demand!.rangeMs, demand!.func],
      [first, last, stepMs, rangeMs, func],
      query
    )
  }
})

test('a multiple of the step that is the start itself lies outside of a subquery', () => {
  const [demand] = demands('max_over_time(m[40s:20s])')
  assert.equal(demand!.times.start, 980_000)
})

test('what a store may compute in place of the engine', () => {
  const cases: [query: string, want: string[]][] = [
    ['m', ['last']],
    ['rate(m[5m])', ['rate']],
    ['(rate((m[5m])))', ['rate']],
    ['sum by (a) (rate(m[5m]))', ['sum of rate', 'rate']],
    ['sum by (a) ((rate(m[5m])))', ['sum of rate', 'rate']],
    ['max(m)', ['max of last', 'last']],
    ['max(-m)', ['last']],
    ['sum(abs(m))', ['last']],
    ['topk(1, m)', ['last']],
    ['abs(rate(m[5m]))', ['rate']],
    ['timestamp(m)', []],
    ['timestamp(-m)', ['last']],
    ['quantile_over_time(0.5, m[5m])', []],
    ['deriv(m[5m])', []],
    // Names are dropped, and the engine finds series that become equal.
    ['sum(rate({__name__=~"m.*"}[5m]))', ['rate']],
    ['sum(max_over_time(m[5m:1m]))', ['last']],
    ['count(last_over_time(m[5m]))', ['count of last_over_time', 'last_over_time']]
  ]
  for (const [query, want] of cases) {
    const [demand] = demands(query)
    const shown = demand!.grids.map(({ request: { func, aggregate } }) =>
      aggregate ? `${aggregate.op} of ${func}` : func
    )
    assert.deepEqual(shown, want, query)
  }
})

test('names that are dropped at the end of the query are needed until then', () => {
  const settings = { ...SETTINGS, delayedNameRemoval: true }
  const funcs = (query: string) => demands(query, settings)[0]!.grids.map(({ request }) => request.func)
  assert.deepEqual(funcs('rate(m[5m])'), [])
  assert.deepEqual(funcs('last_over_time(m[5m])'), ['last_over_time'])
})

test('the second argument of info is no selector of samples', () => {
  assert.deepEqual(
    demands('info(m, {a=~".+"})').map(({ selector }) => selector.name),
    ['m']
  )
})
