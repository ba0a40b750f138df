import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyAsGo } from '../../../core/config/apply-as-go.ts'
import { parseYaml } from '../../../core/config/document.ts'
import { Problems } from '../../../core/config/problems.ts'

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    text: { type: 'string' },
    texts: { type: 'object', additionalProperties: { type: 'string' } },
    list: { type: 'array', items: { type: 'string' } },
    count: { type: 'integer' },
    on: { type: 'boolean' }
  }
} as const

const apply = (yaml: string) => applyAsGo(SCHEMA, parseYaml('a.yml', yaml, undefined, new Problems())!)

const values = [
  ['text: 1.50', { text: '1.50' }],
  ['text: 0x10', { text: '0x10' }],
  ['text: true', { text: 'true' }],
  ['text: 0', { text: '0' }],
  ['texts: { a: 1, b: yes, c: .5 }', { texts: { a: '1', b: 'yes', c: '.5' } }],
  ['list: [1, a, false]', { list: ['1', 'a', 'false'] }],
  ['{ count: 5, on: true }', { count: 5, on: true }],
  ['text:\ntexts:\nlist:\ncount:', {}],
  ['texts: { a: , b: x }', { texts: { b: 'x' } }]
] as const

for (const [yaml, want] of values)
  test(`${JSON.stringify(yaml)} is read`, () => assert.deepEqual(apply(yaml).value, want))

for (const yaml of ['text: [1]', 'text: { a: 1 }', 'count: a', 'list: 5', 'list: [~]', 'count: "5"', 'no: 1'])
  test(`${yaml} is refused`, () => assert.equal(apply(yaml).errors.length, 1))
