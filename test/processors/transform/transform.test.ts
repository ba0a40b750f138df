import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileRegex } from '../../../core/model/matching/linear-regex.ts'
import { compileTemplate } from '../../../core/model/relabeling/template.ts'
import plugin from '../../../processors/transform/index.ts'
import type { MapProcessor } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { parseItems, printItems } from '../../cases/items.ts'

const created = (statements: readonly unknown[], context = testContext()) =>
  plugin.create(testConfig(plugin, { statements }), context) as MapProcessor

/** What `statements` make of the items of one batch. */
function transformed(statements: readonly unknown[], ...lines: string[]): string[] {
  const context = testContext()
  return printItems(created(statements, context).process(parseItems(lines, context.series)))
}

for (const [statement, message] of [
  [{}, /statements\.0: it does nothing; give it one of rename, set/],
  [{ match: { name: 'a' } }, /it does nothing/],
  [{ rename: 'a', delete: ['b'] }, /it has rename and delete: make a statement of each/],
  [{ rename: '' }, /fewer than 1/],
  [{ match: { name: { regex: '(' } }, rename: 'a' }, /statements\.0\.match\.name\.regex/],
  [{ replace: { attribute: 'a', regex: '(', replacement: '' } }, /statements\.0\.replace\.regex: "\("/],
  [{ hash: { attributes: [] } }, /attributes/],
  [{ hash: { attributes: ['__name__'] } }, /__name__ stands for the name, .* change it by rename or replace/],
  [{ delete: ['a', '__name__'] }, /__name__/],
  [{ rename_attributes: { a: '__name__' } }, /__name__/],
  [{ rename_attributes: { __name__: 'a' } }, /__name__/],
  [{ relabel: [{ regex: 'a', action: 'drop' }, { regex: ')' }] }, /statements\.0\.relabel\.1\.regex/],
  [{ relabel: [{ action: 'replace' }] }, /relabel\.0: replace needs a target_label/],
  [{ relabel: [{ action: 'hashmod', target_label: 'a' }] }, /hashmod needs a modulus/],
  [{ relabel: [{ action: 'remove' }] }, /action/]
] as const) {
  test(`refused: ${JSON.stringify(statement)}`, () => {
    assert.throws(() => created([statement]), message)
  })
}

for (const [template, filled] of [
  ['$1-$2', 'ab-c'],
  ['${1}x', 'abx'],
  ['$1x', ''],
  ['$last!', 'c!'],
  ['${last}x', 'cx'],
  ['$9', ''],
  ['$$1', '$1'],
  ['$', '$'],
  ['$0', 'ab-c'],
  ['plain', 'plain']
] as const) {
  test(`the template ${template}`, () => {
    const regex = compileRegex('(\\w+)-(?P<last>\\w+)')
    const match = regex.matcher('ab-c')
    assert.ok(match.find())
    assert.equal(compileTemplate(template, regex.namedGroups(), regex.groupCount())(match), filled)
  })
}

for (const [regex, replacement, value, want] of [
  ['[0-9]+', '#', 'a1b22c', 'a#b#c'],
  ['x*', '-', 'abc', '-a-b-c-'],
  ['^', '/', 'a', '/a'],
  ['é', 'e', 'héé', 'hee'],
  ['nothing', 'x', 'abc', 'abc']
] as const) {
  test(`${regex} in ${value} becomes ${want}`, () => {
    const statement = { replace: { attribute: 'k', regex, replacement } }
    assert.deepEqual(transformed([statement], `0s gauge m {k: ${value}} 1`), [`0s gauge m {k: ${want}} 1`])
  })
}

// The last eight bytes of `md5sum` as one number, by another program.
for (const [value, shard] of [
  ['80@web-1', 817],
  ['', 958]
] as const) {
  test(`hashmod of "${value}" is that of Prometheus`, () => {
    const rule = { source_labels: ['k'], action: 'hashmod', modulus: 1000, target_label: 's' }
    const [line] = transformed([{ relabel: [rule] }], `0s gauge m {k: '${value}'} 1`)
    assert.match(line, new RegExp(`s: '${shard}'`))
  })
}

test('series that become one are counted, unless they are made of increments', () => {
  const context = testContext()
  let collisions = 0
  context.instruments.counter = () => ({ add: value => void (collisions += value) })
  const transform = created([{ delete: ['pid'] }], context)
  for (const [line, want] of [
    ['0s counter delta m {pid: 1}', 0],
    ['0s counter delta m {pid: 2}', 0],
    ['0s counter cumulative m {pid: 1}', 0],
    ['1s counter cumulative m {pid: 1}', 0],
    ['0s counter cumulative m {pid: 2}', 1],
    ['0s gauge m {pid: 1}', 1],
    ['0s gauge m', 2],
    ['0s gauge m {other: 1}', 2]
  ] as const) {
    transform.process(parseItems([line], context.series))
    assert.equal(collisions, want, line)
  }
})

test('a series is mapped to the same object each time, and blocks that nothing changes are passed on', () => {
  const context = testContext()
  const transform = created([{ match: { name: 'a' }, set: { x: 1 } }], context)
  const [first, second] = ['0s gauge a 1', '1s gauge a 2'].map(line =>
    transform.process(parseItems([line], context.series))
  )
  assert.ok(first.type === 'points' && second.type === 'points')
  assert.equal(first.series.at(0), second.series.at(0))
  for (const line of ['0s gauge b 1', '0s event b 1']) {
    const block = parseItems([line], context.series)
    assert.equal(transform.process(block), block)
  }
})

for (const [what, rule, want] of [
  [
    'labelmap copies the name as Prometheus does',
    { regex: '__name__', replacement: 'metric', action: 'labelmap' },
    '0s gauge up {metric: up} 1 resource={host: a}'
  ],
  [
    'a label that becomes empty is gone from the resource too',
    { target_label: 'host', replacement: '' },
    '0s gauge up 1'
  ]
] as const) {
  test(what, () => {
    assert.deepEqual(transformed([{ relabel: [rule] }], '0s gauge up {} 1 resource={host: a}'), [want])
  })
}
