import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NoTwin } from '../../../../core/cli/import/no-twin.ts'
import { conditionsOf } from '../../../../core/cli/import/otelcol/conditions.ts'
import { parseCondition } from '../../../../core/cli/import/otelcol/ottl.ts'

const readable: readonly [text: string, want: unknown][] = [
  ['name == "up"', [{ name: 'up' }]],
  ['metric.name != "up"', [{ name: { not: 'up' } }]],
  ['name == "a*b.c"', [{ name: { regex: '^a\\*b\\.c$' } }]],
  ['IsMatch(name, "^go_")', [{ name: { regex: '^go_' } }]],
  ['not IsMatch(name, "^go_")', [{ name: { not: { regex: '^go_' } } }]],
  ['attributes["a"] == "1" and resource.attributes["b"] == 2', [{ attributes: { a: '1', b: 2 } }]],
  ['attributes["a"] == 1 or attributes["a"] == 2', [{ attributes: { a: 1 } }, { attributes: { a: 2 } }]],
  [
    '(name == "x" or name == "y") and attributes["a"] > 5',
    [
      { name: 'x', attributes: { a: { gt: 5 } } },
      { name: 'y', attributes: { a: { gt: 5 } } }
    ]
  ],
  ['datapoint.attributes["a"] == nil', [{ attributes: { a: { exists: false } } }]],
  ['attributes["a"] != nil', [{ attributes: { a: { exists: true } } }]],
  ['type == METRIC_DATA_TYPE_SUM', [{ kind: ['counter', 'up_down_counter'] }]],
  ['aggregation_temporality == AGGREGATION_TEMPORALITY_DELTA', [{ temporality: 'delta' }]],
  ['severity_number < SEVERITY_NUMBER_WARN', [{ attributes: { severity_number: { lt: 13 } } }]],
  ['HasAttrKeyOnDatapoint("a")', [{ attributes: { a: { exists: true } } }]],
  ['attributes["say"] == "\\"hi\\""', [{ attributes: { say: '"hi"' } }]]
]

for (const [text, want] of readable)
  test(`a condition of OTTL has a twin: ${text}`, () => {
    assert.deepEqual(conditionsOf(parseCondition(text)), want)
  })

const either = (i: number) => `(attributes["a${i}"] == 1 or attributes["b${i}"] == 1)`
const others: readonly [text: string, message: RegExp][] = [
  ['Substring(name, 0, 2) == "go"', /./],
  ['value_double > 5', /there is no value_double/],
  ['not (name == "a" and name == "b")', /a negation of and/],
  ['name == "a" and name == "b"', /two conditions on name/],
  ['name ~ "a"', /not known here/],
  ['name ==', /ends too early/],
  ['(name == "a"', /\) is expected/],
  ['name == "a" name', /name is not expected/],
  [`${'('.repeat(100_000)}`, /nested too deep/],
  [`${'not '.repeat(100_000)}`, /not not/],
  [Array.from({ length: 30 }, (_, i) => either(i)).join(' and '), /too many combinations/]
]

for (const [text, message] of others)
  test(`a condition of OTTL without a twin says why: ${text.slice(0, 40)}`, () => {
    assert.throws(
      () => conditionsOf(parseCondition(text)),
      error => error instanceof NoTwin && message.test(error.message)
    )
  })
