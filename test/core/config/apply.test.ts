import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { applyToNode } from '../../../core/config/apply.ts'
import { parseYaml } from '../../../core/config/document.ts'
import { Problems } from '../../../core/config/problems.ts'
import { reportSchemaErrors } from '../../../core/config/schema-errors.ts'
import type { ConfigSchema } from '../../../core/plugin/contract.ts'
import { duration } from '../../../core/schema/units.ts'

const SCHEMA = {
  type: 'object',
  properties: {
    port: { type: 'integer' },
    on: { type: 'boolean' },
    text: { type: 'string' },
    any: { type: ['string', 'number', 'boolean'] },
    either: { anyOf: [{ type: 'number' }, { type: 'string', pattern: '^auto$' }] },
    level: { enum: [1, 2, 'all'] },
    time: duration({ description: 'How long.' }),
    nested: {
      type: 'object',
      additionalProperties: false,
      properties: { list: { type: 'array', items: { type: 'number' } } }
    },
    token: { type: 'string', minLength: 20, writeOnly: true }
  }
} as const satisfies ConfigSchema

function apply(text: string, env: Record<string, string>) {
  const problems = new Problems()
  const node = parseYaml('weir.yaml', text, env, problems)!
  const { value, errors } = applyToNode(SCHEMA, node)
  reportSchemaErrors(errors, node, problems)
  return { value, said: problems.format() }
}

describe('values that variables filled in', () => {
  const cases: [option: string, text: string, want: unknown][] = [
    ['text', '0123', '0123'],
    ['text', 'true', 'true'],
    ['text', '', ''],
    ['any', '0123', '0123'],
    ['any', 'false', 'false'],
    ['port', '8080', 8080],
    ['on', 'true', true],
    ['either', '1.5', 1.5],
    ['either', 'auto', 'auto'],
    ['level', '2', 2],
    ['level', 'all', 'all'],
    ['time', '10s', 10_000],
    ['time', '0', 0],
    ['nested', '', {}]
  ]
  for (const [option, text, want] of cases)
    it(`is ${JSON.stringify(want)} for ${option}, of "${text}"`, () => {
      assert.deepEqual(apply(`${option}: \${env:X}`, { X: text }), { value: { [option]: want }, said: '' })
    })

  it('has the type that is wanted within lists too', () => {
    const list = (item: string) => apply(`nested:\n  list:\n    - 1\n    - ${item}`, { X: '2' })
    assert.deepEqual(list('${env:X}').value, { nested: { list: [1, 2] } })
    assert.match(list('"${env:X}"').said, /nested\.list\[1\]: expected a number, got the value of \$\{env:X\}$/)
  })
})

describe('regression: an error showed the text of a variable or of a secret option', () => {
  const cases: [name: string, yaml: string, want: RegExp][] = [
    ['of the wrong type', 'port: ${env:KEY}', /port: expected a whole number, got the value of \$\{env:KEY\}$/],
    ['of a part of a text', 'on: a-${env:KEY}', /on: expected a boolean, got the value of a-\$\{env:KEY\}$/],
    ['in a list', 'text: [a, "${env:KEY}"]', /text: expected a string, got a list of 2$/],
    ['in a mapping', 'text: {a: "${env:KEY}"}', /text: expected a string, got a mapping of a$/],
    [
      'that is none of those allowed',
      'level: ${env:KEY}',
      /level: expected one of 1, 2, all, got the value of \$\{env:KEY\}$/
    ],
    ['that is written out, of a secret option', 'token: hunter2', /token: .* got a value that is not shown$/]
  ]
  for (const [name, yaml, want] of cases)
    it(name, () => {
      const { said } = apply(yaml, { KEY: 'hunter2' })
      assert.match(said, want)
      assert.ok(!said.includes('hunter2'), said)
    })
})

it('a message names some keys of a mapping that has very many', () => {
  const keys = Array.from({ length: 10_000 }, (_, i) => `k${i}: 1`)
  assert.match(apply(`text: {${keys.join(', ')}}`, {}).said, /got a mapping of k0, .*, k19, and 9980 more$/)
})

it('a variable that objects inherit is not set', () => {
  assert.match(apply('text: ${env:constructor}', {}).said, /environment variable constructor is not set/)
})
