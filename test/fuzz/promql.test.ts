import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { Expr } from '../../core/promql/ast.ts'
import { parse } from '../../core/promql/parser/parse.ts'
import { exprText } from '../../core/promql/printer/expr-text.ts'
import { formatQuery } from '../../core/promql/printer/format-query.ts'
import { toJson } from '../../core/promql/printer/json.ts'
import { QueryError } from '../../core/promql/query-error.ts'
import { QUERY } from './queries.ts'
import { SECONDS } from './run.ts'

/** Half of the time of a file, for all tests. */
const TESTS = 4
const RUNS = { numRuns: 1_000_000_000, interruptAfterTimeLimit: (SECONDS / TESTS) * 1000 }

function parsed(query: string): Expr | undefined {
  try {
    return parse(query, { experimental: true })
  } catch (error) {
    assert.ok(error instanceof QueryError, String(error))
    assert.match(error.message, /^\d+:\d+: parse error: /)
    return undefined
  }
}

/** All that means something: without places in the text. Matchers are printed sorted. */
function meaning(expr: Expr): string {
  return JSON.stringify([toJson(expr), expr], (key, value) => {
    if (key === 'span') return undefined
    if (key === 'matchers') return value.map((matcher: object) => JSON.stringify(matcher)).sort()
    return typeof value === 'number' ? `${Object.is(value, -0) ? '-0' : value}` : value
  })
}

it('what is printed, in one line or several, means the same', () => {
  let valid = 0
  const property = fc.property(QUERY, query => {
    const expr = parsed(query)
    if (expr === undefined) return
    valid++
    for (const text of [exprText(expr), formatQuery(expr)]) {
      const again = parsed(text)
      assert.ok(again !== undefined, text)
      assert.equal(meaning(again), meaning(expr), text)
      assert.equal(exprText(again), exprText(expr))
    }
  })
  fc.assert(property, RUNS)
  assert.ok(valid > 20, `${valid} valid queries`)
})

it('any text is an expression, or is refused with its place', () => {
  const piece = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        ...'( ) [ ] { } , : @ + - ^ = =~ !~ == sum by on offset bool rate a 5m 1 "x" " \\ # \n `'.split(' ')
      )
    },
    { weight: 2, arbitrary: QUERY },
    fc.string({ unit: 'binary', maxLength: 5 })
  )
  const text = fc
    .tuple(fc.array(piece, { maxLength: 20 }), fc.constantFrom('', ' '))
    .map(([pieces, glue]) => pieces.join(glue))
  fc.assert(
    fc.property(text, query => {
      const expr = parsed(query)
      if (expr !== undefined) assert.ok(parsed(exprText(expr)) !== undefined)
    }),
    RUNS
  )
})
