import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationOf } from '../../../../core/cli/import/duration.ts'
import { NoTwin } from '../../../../core/cli/import/no-twin.ts'
import { conditionsOf } from '../../../../core/cli/import/vmagent/selector.ts'

const cases: readonly [selectors: string[], want: unknown][] = [
  [[], undefined],
  [['up'], { name: 'up' }],
  [
    ['up', '{job="a"}'],
    [{ name: 'up' }, { attributes: { 'service.name': 'a' } }]
  ],
  [['{__name__=~"a|b"}'], { name: ['a', 'b'] }],
  [['{__name__=~"go_.*"}'], { name: 'go_*' }],
  [['{__name__=~"go_.+"}'], { name: { regex: '^(?:go_.+)$' } }],
  [['{__name__=~"a.b"}'], { name: { regex: '^(?:a.b)$' } }],
  [['up{a!="x"}'], { name: 'up', attributes: { a: { not: 'x' } } }],
  [['up{a!~"x.*"}'], { name: 'up', attributes: { a: { not: 'x*' } } }],
  [['up{a="*"}'], { name: 'up', attributes: { a: { regex: '^\\*$' } } }],
  [['up{a=""}'], { name: 'up', attributes: { a: { exists: false } } }],
  [['up{a!=""}'], { name: 'up', attributes: { a: { exists: true } } }],
  [
    ['up{a="x or y" or b="z"}'],
    [
      { name: 'up', attributes: { a: 'x or y' } },
      { name: 'up', attributes: { b: 'z' } }
    ]
  ]
]

for (const [selectors, want] of cases)
  test(`a selector is conditions: ${selectors.join(', ')}`, () => assert.deepEqual(conditionsOf(selectors), want))

for (const selector of ['up{', 'rate(up[5m])', 'up{a=~"("}', 'up{a="x",a!="y"}'])
  test(`a selector that cannot be read says why: ${selector}`, () => {
    assert.throws(() => conditionsOf([selector]), NoTwin)
  })

const durations: readonly [text: string, want: string | undefined][] = [
  ['30s', '30s'],
  ['1h0m0s', '1h'],
  ['1w', '7d'],
  ['500us', '0.5ms'],
  ['0s', '0'],
  ['${env:X}', '${env:X}'],
  ['5 minutes', undefined],
  ['', undefined]
]

for (const [text, want] of durations)
  test(`a duration of another tool: ${text}`, () => assert.equal(durationOf(text), want))
