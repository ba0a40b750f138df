import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import { Ajv } from 'ajv'
import { load } from 'js-yaml'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { printSchema } from '../../../core/cli/schema.ts'
import { MemoryTerminal } from './memory-terminal.ts'

const ROOT = path.join(import.meta.dirname, '../../..')

const terminal = new MemoryTerminal()
assert.equal(await printSchema(terminal), EXIT.ok)
const schema = JSON.parse(terminal.stdout)
// As an editor has it, which knows nothing of Weir's own keywords.
const ajv = new Ajv({ allErrors: true, strict: false })
const validate = ajv.compile(schema)
const problemsOf = (config: unknown) =>
  validate(config) ? [] : validate.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`)

it('is a JSON Schema of draft-07', () => {
  assert.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#')
  assert.ok(ajv.validateSchema(schema), ajv.errorsText())
  assert.equal(terminal.stderr, '')
})

for (const file of globSync('configs/*.yaml', { cwd: ROOT }))
  it(`takes ${file}`, () => {
    // Where a file names variables an editor sees their names, which are no endpoints.
    const yaml = readFileSync(path.join(ROOT, file), 'utf8').replace(/\$\{env:\w+:-(.*?)\}/g, '$1')
    assert.deepEqual(problemsOf(load(yaml)), [])
  })

const MINIMAL = {
  receivers: { otlp: null },
  exporters: { debug: null },
  service: { pipelines: { all: { receivers: ['otlp'], exporters: ['debug'] } } }
}

it('takes components without options, and several of one type', () => {
  assert.deepEqual(problemsOf(MINIMAL), [])
  const named = { ...MINIMAL, receivers: { otlp: null, 'otlp/edge': { limits: { max_attributes: 10 } } } }
  assert.deepEqual(problemsOf(named), [])
})

it('takes the options of sending queues', () => {
  const exporters = { debug: { timeout: '3s', queue: { max_size: '1MiB' } } }
  assert.deepEqual(problemsOf({ ...MINIMAL, exporters }), [])
})

for (const [what, change, where] of [
  ['no service', { service: undefined }, / must have required property 'service'/],
  ['an unknown section', { sections: {} }, / must NOT have additional properties/],
  ['an unknown option', { receivers: { otlp: { endpont: 'x' } } }, /\/receivers\/otlp must NOT have additional/],
  ['a duration without unit', { exporters: { debug: { timeout: '3' } } }, /\/exporters\/debug\/timeout must match/],
  ['no pipelines', { service: { pipelines: {} } }, /\/service\/pipelines must NOT have fewer than 1/]
] as [string, object, RegExp][])
  it(`refuses ${what}`, () => assert.match(problemsOf({ ...MINIMAL, ...change }).join('\n'), where))

it('takes components it does not know, for plugins may bring them', () => {
  const config = { ...MINIMAL, plugins: ['./my-receiver.ts'], receivers: { otlp: null, my_receiver: { any: 1 } } }
  assert.deepEqual(problemsOf(config), [])
})
