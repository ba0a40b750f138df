import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parse } from '../../../../core/promql/parser/parse.ts'
import { QueryError } from '../../../../core/promql/query-error.ts'

function errorOf(query: string, experimental = false): QueryError {
  try {
    parse(query, { experimental })
  } catch (error) {
    assert.ok(error instanceof QueryError, String(error))
    assert.equal(error.kind, 'bad_data')
    return error
  }
  throw new assert.AssertionError({ message: `no error: ${query}` })
}

describe('syntax', () => {
  const cases: readonly (readonly [query: string, place: string, problem: RegExp])[] = [
    ['', '1:1', /no expression found in input/],
    ['# only a comment', '1:17', /no expression found/],
    ['a b', '1:3', /unexpected identifier b in expression, expected operator or end of input/],
    ['sum(a', '1:6', /unexpected end of input in aggregation, expected "," or "\)"/],
    ['sum(a))', '1:7', /unexpected "\)"/],
    ['a +', '1:4', /unexpected end of input in expression/],
    ['\n  a +\n )', '3:2', /unexpected "\)"/],
    ['a{b}', '1:4', /expected one of "=", "!=", "=~" and "!~"/],
    ['a{b=="c"}', '1:4', /unexpected "==".*\(a single "="\)/],
    ['a{b=c}', '1:5', /unexpected identifier c in label matching, expected string, in quotes/],
    ['a{b="c" d="e"}', '1:9', /expected "," or "}"/],
    ['a{,}', '1:3', /expected label name or "}"/],
    ['a{b="c"', '1:8', /unexpected end of input in label matching/],
    ['a{b="c', '1:5', /unterminated string/],
    ['"a\nb"', '1:1', /unterminated string.*\\n/],
    ['`a', '1:1', /unterminated string/],
    [String.raw`"a\qb"`, '1:4', /unknown escape sequence \\q/],
    [String.raw`"\x4"`, '1:3', /unknown escape sequence \\x4/],
    [String.raw`"\ud800"`, '1:3', /unknown escape sequence \\ud800/],
    ['a{b=~"("}', '1:3', /no regular expression of RE2 syntax/],
    ['a{b=~"a(?=b)"}', '1:3', /no regular expression/],
    ['a[5m', '1:5', /expected ":" or "]"/],
    ['a[]', '1:3', /expected number or duration/],
    ['a[foo]', '1:3', /unexpected identifier foo in duration/],
    ['a[5m:1m:1m]', '1:8', /unexpected ":" in subquery, expected "]"/],
    ['a[5m][5m]', '1:6', /ranges are only allowed for vector selectors; .*\[5m:]/],
    ['a[0]', '1:3', /duration must be greater than 0/],
    ['a[-5m]', '1:3', /duration must be greater than 0/],
    ['a[300y]', '1:3', /not a valid duration: 300y/],
    ['a[5m1h]', '1:3', /not a valid duration: 5m1h; units come once each, larger ones first/],
    ['5x', '1:1', /bad number or duration "5x"/],
    ['1h30', '1:1', /bad number or duration "1h30"/],
    ['1.2.3', '1:1', /bad number or duration "1.2.3"/],
    ['0x', '1:1', /bad number or duration "0x"/],
    ['1__0', '1:1', /bad number/],
    ['on', '1:1', /unexpected keyword "on"; a metric of that name is {"on"}/],
    ['sum by x (a)', '1:8', /unexpected identifier x in grouping, expected "\("/],
    ['sum by (a b) (c)', '1:11', /expected "," or "\)"/],
    ['sum by ("") (c)', '1:9', /must not be empty/],
    ['sum by (x) (a) by (y)', '1:16', /unexpected identifier by/],
    ['a * group_left b', '1:5', /expected "on" or "ignoring" before "group_left"/],
    ['a offset', '1:9', /unexpected end of input in duration/],
    ['a @', '1:4', /expected Unix time in seconds, start\(\) or end\(\)/],
    ['a @ start', '1:10', /expected "\("/],
    ['a @ 1e20', '1:5', /timestamp out of bounds/],
    ['a @ Inf', '1:5', /timestamp out of bounds/],
    ['a = b', '1:3', /unexpected "="/],
    ['a{a="b"}{c="d"}', '1:9', /unexpected "{"/],
    ['a && b', '1:3', /the operators are named "and", "or" and "unless"/],
    ['rate(a[$__rate_interval])', '1:8', /a dashboard's variable was not replaced/],
    ['a{b=“c”}', '1:5', /strings stand in ", ' or `/],
    ['a ; b', '1:3', /unexpected character ";"/],
    ['a\u00a0+ b', '1:2', /unexpected character/],
    ['a ! b', '1:3', /unexpected character "!"/]
  ]
  for (const [query, place, problem] of cases)
    it(query, () => {
      const { message } = errorOf(query)
      assert.match(message, problem)
      assert.equal(message.split(': parse error: ')[0], place)
    })
})

describe('types', () => {
  const cases: readonly (readonly [query: string, place: string, problem: RegExp])[] = [
    [
      'rate(a)',
      '1:6',
      /expected type range vector in call to function "rate", got instant vector; add a range such as \[5m]/
    ],
    ['abs(a[5m])', '1:5', /expected type instant vector.*got range vector; remove the range/],
    ['abs(1)', '1:5', /expected type instant vector.*got scalar/],
    ['abs()', '1:1', /expected 1 argument\(s\) in call to "abs", got 0/],
    ['abs(a, b)', '1:1', /expected 1 argument\(s\) in call to "abs", got 2/],
    ['round(a, 1, 2)', '1:1', /expected 1 to 2 argument/],
    ['label_join(a)', '1:1', /expected at least 3 argument/],
    ['label_join(a, "b", "c", d)', '1:25', /expected type string/],
    ['rat(a[5m])', '1:1', /unknown function with name "rat"; did you mean "ra/],
    ['foobarbaz(a)', '1:1', /unknown function with name "foobarbaz"$/],
    ['Rate(a[5m])', '1:1', /unknown function with name "Rate"; did you mean "rate"/],
    ['a:b(c)', '1:1', /unknown function/],
    ['sum()', '1:1', /expected 1 argument\(s\) in aggregation sum\(vector\), got 0/],
    ['sum(a, b)', '1:1', /expected 1 argument/],
    ['topk(a)', '1:1', /expected 2 argument\(s\) in aggregation topk\(parameter, vector\), got 1/],
    ['topk("1", a)', '1:6', /expected type scalar in parameter of topk, got string/],
    ['count_values(1, a)', '1:14', /expected type string/],
    ['sum(1)', '1:5', /expected type instant vector in aggregation sum, got scalar/],
    ['sum(a[5m])', '1:5', /got range vector/],
    ['1 == 1', '1:3', /comparisons between scalars must use the bool modifier: write "== bool"/],
    ['a + bool b', '1:3', /bool modifier can only be used on comparison operators/],
    ['1 </ 2', '1:3', /"<\/" trims histograms: one side must be an instant vector/],
    ['a and 1', '1:3', /set operator "and" is not allowed with scalars/],
    ['a[5m] + 1', '1:1', /operators take scalars and instant vectors only, got range vector/],
    ['1 + "a"', '1:5', /got string/],
    ['a + on(b) 1', '1:3', /vector matching is only allowed between instant vectors/],
    ['a and on(b) group_left c', '1:3', /no grouping allowed for "and"/],
    ['a + on(b) group_left(b) c', '1:3', /label "b" must not occur in on and group clause at once/],
    ['-"a"', '1:1', /signs are only allowed for scalars and instant vectors/],
    ['-a[5m]', '1:1', /got range vector/],
    ['1[5m:]', '1:1', /subqueries are only allowed on instant vectors, got scalar/],
    ['a[5m][1h:]', '1:1', /got range vector/],
    ['1 offset 5m', '1:1', /offset modifier must be preceded by a selector or a subquery/],
    ['(a) @ 5', '1:1', /@ modifier must be preceded/],
    ['a offset 5m offset 1m', '1:1', /offset may not be set multiple times/],
    ['a @ 5 @ 6', '1:1', /may not be set multiple times/],
    ['a offset 5m [5m]', '1:13', /no offset modifiers allowed before the range/],
    ['a @ 5 [5m]', '1:7', /no @ modifiers allowed before the range/],
    ['{}', '1:1', /must contain at least one non-empty matcher/],
    ['{a=~".*", b!="c"}', '1:1', /at least one non-empty matcher/],
    ['a{__name__="b"}', '1:1', /metric name must not be set twice: "a" or "b"/],
    ['a{"b"}', '1:1', /metric name must not be set twice/]
  ]
  for (const [query, place, problem] of cases)
    it(query, () => {
      const { message } = errorOf(query)
      assert.match(message, problem)
      assert.equal(message.split(': parse error: ')[0], place)
    })
  it('the name stands twice', () => assert.match(errorOf('{"a"} + a{"b"}').message, /^1:9: parse error: metric name/))
})

describe('what is experimental', () => {
  const queries = [
    'limitk(1, a)',
    'limit_ratio(0.5, a)',
    'mad_over_time(a[5m])',
    'info(a)',
    'sort_by_label(a, "b")',
    'step()',
    'min_of(1, 2)',
    'a + fill(0) b',
    'a[step()]',
    'a[1h + 5m]',
    'a offset (5m)',
    'a[range() / 2:min_of(step(), 1m)]'
  ]
  for (const query of queries)
    it(query, () => {
      parse(query, { experimental: true })
      assert.match(errorOf(query).message, /experimental and not enabled/)
    })
  const refused: readonly (readonly [query: string, problem: RegExp])[] = [
    ['a + fill(0) fill_left(1) b', /a side can only be filled once/],
    ['a and fill(0) b', /not allowed for set operators/],
    ['a + fill(0) 1', /only allowed between instant vectors/],
    ['a + fill(b) c', /unexpected identifier b in fill, expected number/],
    ['a[1h / 0]', /computed duration is no number/],
    ['a[5m - 1h]', /computed duration must be greater than 0/],
    ['a[2 ^ 99]', /longer than 292 years/],
    ['info(a, b)', /expected label selectors only/],
    ['info(a, 1)', /expected label selectors only/]
  ]
  for (const [query, problem] of refused) it(query, () => assert.match(errorOf(query, true).message, problem))
  it('info takes any label selector', () => {
    parse('info(a, {b=~".*"})', { experimental: true })
  })
})

describe('hostile queries end soon, by an error with a place', () => {
  const deep = /nested more than [25]00 levels deep/
  const cases: readonly (readonly [name: string, query: string, problem: RegExp])[] = [
    ['brackets', '('.repeat(100_000), deep],
    ['closed brackets', `${'('.repeat(100_000)}1${')'.repeat(100_000)}`, deep],
    ['signs', `${'-'.repeat(100_000)}1`, deep],
    ['a chain', `1${'+1'.repeat(100_000)}`, deep],
    ['powers', `1${'^1'.repeat(100_000)}`, deep],
    ['calls', 'abs('.repeat(100_000), deep],
    ['subqueries', `a${'[5m:]'.repeat(100_000)}`, /got range vector/],
    ['computed durations', `a[${'('.repeat(100_000)}`, deep],
    ['sums of durations', `a[1${'+1'.repeat(100_000)}]`, deep],
    ['signs of durations', `a[${'-'.repeat(100_000)}1]`, deep],
    ['braces', '{'.repeat(100_000), /unexpected "{"/],
    ['a long name', `${'a'.repeat(1_000_000)}(`, /unknown function/],
    ['a long number', `${'1_'.repeat(500_000)}`, /bad number/],
    ['a long query', `a{b="${'c'.repeat(2 ** 20)}"}`, /longer than 1048576 characters/]
  ]
  for (const [name, query, problem] of cases)
    it(name, () => {
      const begun = process.cpuUsage()
      const { message } = errorOf(query, true)
      assert.match(message, problem)
      assert.ok(message.length < 2000, `a message of ${message.length} characters`)
      assert.ok(process.cpuUsage(begun).user < 2_000_000)
    })
  it('200 levels, and chains of 500, are no problem', () => {
    parse(`${'('.repeat(200)}a${')'.repeat(200)}`)
    parse(`${'clamp_min('.repeat(200)}a${', 1)'.repeat(200)}`)
    parse(`a${' or a'.repeat(499)}`)
  })
})
