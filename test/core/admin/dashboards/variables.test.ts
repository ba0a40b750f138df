import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fillIn, fillInPromql, timeVariables, UnknownVariable } from '../../../../core/admin/dashboards/variables.ts'
import { parseMatchers } from '../../../../core/promql/parser/parse.ts'

const VALUES = new Map<string, string | readonly string[]>([
  ['plan', 'pro'],
  ['odd', 'a"b\'c\\d\ne'],
  ['all', []],
  ['one', ['a.b']],
  ['two', ['a.b', 'c|d']],
  ['window', '10s']
])

const cases: readonly (readonly [name: string, text: string, want: string])[] = [
  ['no variable', 'sum(up)', 'sum(up)'],
  ['outside of quotes', 'sum by ($plan) (x[$window])', 'sum by (pro) (x[10s])'],
  ['in braces', '${plan}_total', 'pro_total'],
  ['in double quotes', '{a="$odd"}', '{a="a\\"b\'c\\\\d\\ne"}'],
  ['in single quotes', "{a='$odd'}", "{a='a\"b\\'c\\\\d\\ne'}"],
  ['between backticks', '{a=`$plan\\`, b="$plan"}', '{a=`pro\\`, b="pro"}'],
  ['behind an escaped quote', '{a="\\"$odd", b="$plan"}', '{a="\\"a\\"b\'c\\\\d\\ne", b="pro"}'],
  ['none of several', '{a=~"$all"}', '{a=~".+"}'],
  ['one of several', '{a=~"$one"}', '{a=~"a\\\\.b"}'],
  ['two of several', '{a=~"$two"}', '{a=~"(a\\\\.b|c\\\\|d)"}'],
  ['the end of a regular expression', '{a=~"x$"}', '{a=~"x$"}'],
  ['a comment', 'up # $nothing "\n+ $plan', 'up # $nothing "\n+ pro'],
  ['behind quotes', 'a{b="x"} == $odd', 'a{b="x"} == a"b\'c\\d\ne'],
  ['in other quotes behind quotes', `{a="x", b='$odd'}`, `{a="x", b='a"b\\'c\\\\d\\ne'}`],
  ['a comment behind quotes', '{a="x"} # $nothing', '{a="x"} # $nothing'],
  ['quotes that do not end', '{a="$plan', '{a="$plan']
]

for (const [name, text, want] of cases)
  test(`values in PromQL: ${name}`, () => assert.equal(fillInPromql(text, VALUES), want))

test('values in other texts are as they are', () => {
  assert.equal(fillIn('$odd of {{$plan}}, ${window}', VALUES), 'a"b\'c\\d\ne of {{pro}}, 10s')
})

test('a variable that there is not is an error that names those there are', () => {
  const known = 'there is no variable $country: known here are $plan, $odd, $all, $one, $two, $window'
  assert.throws(() => fillInPromql('{a="$country"}', VALUES), { message: known })
  assert.throws(() => fillIn('$country', VALUES), UnknownVariable)
})

test('any value in quotes stays the value of its matcher', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('"', "'", '`'), (value, quote) => {
      const filled = fillInPromql(`{c='y', a=${quote}$v${quote}, b="x"}`, new Map([['v', value]]))
      assert.deepEqual(
        parseMatchers(filled).map(({ name, value }) => [name, value]),
        [
          ['c', 'y'],
          ['a', value],
          ['b', 'x']
        ]
      )
    })
  )
})

test('ranges of rates are as in Grafana: a step and a scrape, and four scrapes at least', () => {
  assert.deepEqual(Object.fromEntries(timeVariables(10, 900)), {
    __interval: '10s',
    __rate_interval: '60s',
    __range: '900s'
  })
  assert.equal(timeVariables(300, 86_400).get('__rate_interval'), '315s')
})
