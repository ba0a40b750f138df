import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parse } from '../../../../core/promql/parser/parse.ts'
import { exprText } from '../../../../core/promql/printer/expr-text.ts'
import { formatQuery } from '../../../../core/promql/printer/format-query.ts'

function formatted(query: string): string {
  const expr = parse(query)
  const text = formatQuery(expr)
  assert.equal(exprText(parse(text)), exprText(expr), 'the meaning stays')
  return text
}

it('short expressions stay in one line', () =>
  assert.equal(formatted('sum(rate(a[5m]))by(b)/2'), 'sum by (b) (rate(a[5m])) / 2'))

it('a line has a hundred characters at most, but for selectors', () => {
  const fits = `${'a'.repeat(48)} + ${'b'.repeat(49)}`
  assert.equal(formatted(fits), fits)
  assert.equal(formatted(`${fits}b`), `  ${'a'.repeat(48)}\n+\n  ${'b'.repeat(50)}`)
  const selector = `a{b="${'c'.repeat(120)}"}`
  assert.equal(formatted(selector), selector)
})

it('long expressions are broken at their operators, arguments and parentheses', () => {
  const query = `histogram_quantile(0.99, sum by (le, job) (rate(request_duration_seconds_bucket{job="api", code=~"2.."}[5m])))
    > on (job) group_left -(max by (job) (slo_seconds{objective="latency", environment="production", team="platform-sre"} offset 5m))`
  assert.equal(
    formatted(query),
    `  histogram_quantile(
    0.99,
    sum by (le, job) (rate(request_duration_seconds_bucket{code=~"2..",job="api"}[5m]))
  )
> on (job) group_left ()
  -(
    max by (job) (
      slo_seconds{environment="production",objective="latency",team="platform-sre"} offset 5m
    )
  )`
  )
})

it('the range of a subquery stays at its end', () => {
  const query = `max_over_time(deriv(rate(distance_covered_meters_total{vehicle="${'x'.repeat(60)}"}[1m])[5m:1m])[10m:])`
  assert.equal(
    formatted(query),
    `max_over_time(
  deriv(
    rate(
      distance_covered_meters_total{vehicle="${'x'.repeat(60)}"}[1m]
    )[5m:1m]
  )[10m:]
)`
  )
})

it('an expression of 499 levels takes time linear in its text', () => {
  const query = Array.from({ length: 499 }, (_, i) => `a{b="${String(i).padEnd(1000, 'c')}"}`).join(' or ')
  const begun = process.cpuUsage()
  formatted(query)
  assert.ok(process.cpuUsage(begun).user < 3_000_000)
})
