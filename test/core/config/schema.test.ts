import assert from 'node:assert/strict'
import { it } from 'node:test'
import { applySchema } from '../../../core/config/schema.ts'
import { byteSize, duration } from '../../../core/schema/units.ts'
import type { ConfigSchema } from '../../../sdk/plugin/index.ts'

const SCHEMA: ConfigSchema = {
  type: 'object',
  properties: {
    wait: duration({ description: '', default: '10s' }),
    sizes: { type: 'array', items: byteSize({ description: '' }), default: ['1KiB'] },
    http: {
      type: 'object',
      additionalProperties: false,
      default: {},
      properties: { port: { type: 'integer', default: 80 } }
    }
  }
}
const DEFAULTS = { wait: 10_000, sizes: [1024], http: { port: 80 } }

const good: [string, unknown, object][] = [
  ['nothing', null, DEFAULTS],
  ['defaults', {}, DEFAULTS],
  ['a mapping left empty', { http: null }, DEFAULTS],
  // 1.001 * 1000 is no whole number.
  ['whole milliseconds', { wait: '1.001s' }, { ...DEFAULTS, wait: 1001 }],
  [
    'units converted',
    { wait: '1h30m', sizes: ['1B', '2.5MiB'] },
    { ...DEFAULTS, wait: 5_400_000, sizes: [1, 2_621_440] }
  ]
]
for (const [name, input, want] of good) {
  it(`takes ${name}`, () => assert.deepEqual(applySchema(SCHEMA, input), { value: want, errors: [] }))
}

const bad: [unknown, string, string][] = [
  [[], '', 'type'],
  ['text', '', 'type'],
  [{ wait: 10 }, '/wait', 'type'],
  [{ wait: '10' }, '/wait', 'pattern'],
  [{ sizes: ['1MB'] }, '/sizes/0', 'pattern'],
  [{ http: { prot: 1 } }, '/http', 'additionalProperties'],
  [{ other: 1 }, '', 'additionalProperties']
]
for (const [input, path, keyword] of bad) {
  it(`refuses ${JSON.stringify(input)}`, () => {
    const { errors } = applySchema(SCHEMA, input)
    assert.deepEqual(
      errors.map(error => [error.instancePath, error.keyword]),
      [[path, keyword]]
    )
  })
}

it('leaves its input unchanged', () => {
  const input = { wait: '1s', http: null }
  applySchema(SCHEMA, input)
  assert.deepEqual(input, { wait: '1s', http: null })
})
