import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Label, Labels } from '../../../core/promql/labels.ts'

const A: Label = ['a', '1']
const B: Label = ['b', '2']
const C: Label = ['c', '3']

for (const [name, pairs, want] of [
  ['sorted ones', [A, B], [A, B]],
  ['others', [C, A, B], [A, B, C]],
  ['empty values', [A, ['b', '']], [A]],
  ['a name that is there twice', [B, ['b', '1'], A], [A, ['b', '1']]],
  ['none', [], []]
] as [string, Label[], Label[]][])
  test(`labels of pairs: ${name}`, () => {
    for (const given of [pairs, new Set(pairs)]) assert.deepEqual(Labels.of(given).pairs, want)
    assert.equal(Labels.of(pairs).key, Labels.of(want).key)
  })

for (const [name, changes, want] of [
  ['the first', [['__name__', 'up']], [['__name__', 'up'], A, C]],
  ['between others', [B], [A, B, C]],
  ['the last', [['d', '4']], [A, C, ['d', '4']]],
  ['in place of another', [['c', '4']], [A, ['c', '4']]],
  ['removed', [['a', '']], [C]],
  ['removed, but not there', [['b', '']], [A, C]],
  ['twice', [B, ['b', '']], [A, C]],
  [
    'all removed',
    [
      ['a', ''],
      ['c', '']
    ],
    []
  ]
] as [string, Label[], Label[]][])
  test(`labels with changes: ${name}`, () => {
    const labels = Labels.of([A, C])
    assert.deepEqual(labels.with(changes).pairs, want)
    assert.deepEqual(labels.pairs, [A, C])
  })
