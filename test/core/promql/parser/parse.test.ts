import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Expr } from '../../../../core/promql/ast.ts'
import { parse, parseSelector } from '../../../../core/promql/parser/parse.ts'
import { shape } from './shape.ts'

describe('which operator binds its sides', () => {
  const cases: readonly (readonly [query: string, shape: string])[] = [
    ['a or b and c', '(or a (and b c))'],
    ['a and b unless c', '(unless (and a b) c)'],
    ['a == b + c', '(== a (+ b c))'],
    ['a - b - c', '(- (- a b) c)'],
    ['a + b * c % d', '(+ a (% (* b c) d))'],
    ['a atan2 b / c', '(/ (atan2 a b) c)'],
    ['2 ^ 3 ^ 4', '(^ 2 (^ 3 4))'],
    ['-1 ^ 2', '(- (^ 1 2))'],
    ['-a ^ 2', '(- (^ a 2))'],
    ['-a * b', '(* (- a) b)'],
    ['2 ^ -3 ^ 4', '(^ 2 (- (^ 3 4)))'],
    ['2 ^ -3 * 4', '(* (^ 2 -3) 4)'],
    ['-a offset 5m', '(- a offset 5m)'],
    ['1 - -1', '(- 1 -1)'],
    ['1-1', '(- 1 1)'],
    ['--a', '(- (- a))'],
    ['- -1', '1'],
    ['(a + b) * c', '(* [(+ a b)] c)'],
    ['a </ 1 >/ 2', '(>/ (</ a 1) 2)'],
    ['a offset 5 ^ 2', '(^ a offset 5s 2)'],
    ['a AND b Or c', '(or (and a b) c)'],
    ['rate(a[5m]) / b', '(/ (rate a[5m]) b)'],
    ['sum(a) by (x) + 1', '(+ (sum a) 1)'],
    ['rate(a[5m])[1h:]', '(subquery (rate a[5m]) 3600000)']
  ]
  for (const [query, want] of cases) it(query, () => assert.equal(shape(parse(query)), want))
})

describe('numbers', () => {
  const cases: readonly (readonly [text: string, value: number])[] = [
    ['1', 1],
    ['2.', 2],
    ['.5', 0.5],
    ['12.34e-6', 12.34e-6],
    ['1E+3', 1000],
    ['1_000.5', 1000.5],
    ['0x1f', 31],
    ['0X_ff', 255],
    ['0755', 493],
    ['08', 8],
    ['-5', -5],
    ['+Inf', Number.POSITIVE_INFINITY],
    ['-iNf', Number.NEGATIVE_INFINITY],
    ['NaN', Number.NaN],
    ['5m', 300],
    ['1h30m', 5400],
    ['1y2w3d4h5m6s7ms', 33_019_506.007],
    ['-500ms', -0.5]
  ]
  for (const [text, want] of cases)
    it(text, () => {
      const expr = parse(text)
      assert.ok(expr.type === 'numberLiteral')
      assert.deepEqual(expr.value, want)
      assert.equal(expr.duration, /[ywdhms]$/.test(text))
    })
  it('a division right behind a dot', () => assert.equal(shape(parse('5./6.')), '(/ 5 6)'))
})

describe('strings', () => {
  const cases: readonly (readonly [literal: string, value: string])[] = [
    [`"a 'b'"`, `a 'b'`],
    [`'a "b"'`, 'a "b"'],
    ['`a\\n\n"b\'`', 'a\\n\n"b\''],
    [String.raw`"\a\b\f\n\r\t\v\\\""`, '\x07\b\f\n\r\t\v\\"'],
    [String.raw`'\''`, "'"],
    [String.raw`"\x41\101é\U0001F600"`, 'AAé😀'],
    [String.raw`"\xe4\xb8\x96"`, '世'],
    ['"😀"', '😀']
  ]
  for (const [literal, want] of cases)
    it(literal, () => {
      const expr = parse(literal)
      assert.ok(expr.type === 'stringLiteral')
      assert.equal(expr.value, want)
    })
})

describe('names', () => {
  const names = [
    'offset',
    'sum',
    'by',
    'fill',
    'start',
    'step',
    'min_of',
    'and',
    'constructor',
    '__proto__',
    'a:b:c',
    ':a'
  ]
  for (const name of names)
    it(`a metric ${name}`, () => {
      const expr = parse(`${name}{x="y"} + ${name}`)
      assert.ok(expr.type === 'binaryExpr' && expr.rhs.type === 'vectorSelector')
      assert.equal(expr.rhs.name, name)
    })
  it('labels are named like keywords', () => {
    const expr = parse('sum by (on, bool, inf, by) (a{on="1", bool="2", sum="3"})')
    assert.ok(expr.type === 'aggregation')
    assert.deepEqual(expr.grouping, ['on', 'bool', 'inf', 'by'])
  })
  it('a name in quotes is a matcher, and labels have any name', () => {
    const expr = parse(`{"http.requests", 'a.b'="c", d!~"e"}`)
    assert.ok(expr.type === 'vectorSelector')
    assert.equal(expr.name, undefined)
    const matchers = expr.matchers.map(({ name, op, value }) => [name, op, value])
    assert.deepEqual(matchers, [
      ['__name__', '=', 'http.requests'],
      ['a.b', '=', 'c'],
      ['d', '!~', 'e']
    ])
  })
})

describe('modifiers', () => {
  function modifiersOf(expr: Expr) {
    const selector = expr.type === 'matrixSelector' ? expr.selector : expr
    assert.ok(selector.type === 'vectorSelector' || selector.type === 'subquery')
    return [selector.offsetMs, selector.at]
  }
  const cases: readonly (readonly [query: string, offsetMs: number, at: number | string | undefined])[] = [
    ['a offset 5m', 300_000, undefined],
    ['a offset -1.5', -1500, undefined],
    ['a @ 1603.5', 0, 1_603_500],
    ['a @ -1', 0, -1000],
    ['a @ start() offset 1h', 3_600_000, 'start'],
    ['a[5m] offset 1h @ End()', 3_600_000, 'end'],
    ['a[5m:] @ 0', 0, 0],
    ['rate(a[5m])[5m:1m] offset 0', 0, undefined]
  ]
  for (const [query, ...want] of cases) it(query, () => assert.deepEqual(modifiersOf(parse(query)), want))
  it('a range is a number of seconds too', () => {
    const expr = parse('a[1.5]')
    assert.ok(expr.type === 'matrixSelector')
    assert.equal(expr.rangeMs, 1500)
  })
  it('comments and line breaks are blanks', () => {
    assert.equal(shape(parse('# first\na # second )\n\t+\r\nb#')), '(+ a b)')
  })
})

describe('vector matching', () => {
  function matchingOf(query: string) {
    const expr = parse(query, { experimental: true })
    assert.ok(expr.type === 'binaryExpr')
    return expr.matching
  }
  const none = { labels: [], on: false, include: [], fillLeft: undefined, fillRight: undefined }
  it('is one to one', () => assert.deepEqual(matchingOf('a + b'), { ...none, card: 'one-to-one' }))
  it('is many to many for sets', () => assert.deepEqual(matchingOf('a and b'), { ...none, card: 'many-to-many' }))
  it('is not there with a scalar', () => assert.equal(matchingOf('a + 1'), undefined))
  it('groups', () => {
    const want = { ...none, card: 'many-to-one', labels: ['x'], on: true, include: ['y', 'z'] }
    assert.deepEqual(matchingOf('a * on (x) group_left (y, z,) b'), want)
  })
  it('groups without labels', () => {
    assert.deepEqual(matchingOf('a == bool ignoring () group_right b'), { ...none, card: 'one-to-many' })
  })
  it('fills both sides', () => {
    assert.deepEqual(matchingOf('a + fill(-1) b'), { ...none, card: 'one-to-one', fillLeft: -1, fillRight: -1 })
  })
  it('fills each side, in any order', () => {
    const want = { ...none, card: 'one-to-one', fillLeft: 2, fillRight: 1 }
    assert.deepEqual(matchingOf('a + fill_right(1) fill_left(2) b'), want)
  })
  it('takes a metric of that name', () =>
    assert.deepEqual(matchingOf('a + fill_left'), { ...none, card: 'one-to-one' }))
})

describe('places in the text', () => {
  function spansOf(expr: Expr, text: string): string[] {
    const inner = expr.type === 'binaryExpr' ? [expr.lhs, expr.rhs] : expr.type === 'call' ? expr.args : []
    return [text.slice(expr.span.from, expr.span.to), ...inner.flatMap(each => spansOf(each, text))]
  }
  it('cover the modifiers', () => {
    const text = 'rate(a{x="y"}[5m] offset 1m) + sum(b) by (c) - -1'
    assert.deepEqual(spansOf(parse(text), text), [
      text,
      'rate(a{x="y"}[5m] offset 1m) + sum(b) by (c)',
      'rate(a{x="y"}[5m] offset 1m)',
      'a{x="y"}[5m] offset 1m',
      'sum(b) by (c)',
      '-1'
    ])
  })
})

describe('selectors of the API', () => {
  it('are read alone', () => {
    const matchers = parseSelector('up{job=~"a|b"}').map(({ name, op, value }) => `${name}${op}${value}`)
    assert.deepEqual(matchers, ['job=~a|b', '__name__=up'])
  })
  const refused = ['', 'up[5m]', 'up offset 5m', 'sum(up)', '{}', '{a=""}', '1']
  for (const text of refused)
    it(`refuses ${text}`, () => assert.throws(() => parseSelector(text), { name: 'QueryError' }))
})
