import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { builtIns } from '../../built-ins.ts'
import { SENDING_QUEUE_SCHEMA } from '../../core/config/exporter-options.ts'
import { SERVICE_SCHEMA } from '../../core/config/service.ts'
import type { JsonSchema } from '../../core/plugin/contract.ts'
import { KINDS, Registry } from '../../core/plugin/registry.ts'
import { ROOT } from '../e2e/weir-process.ts'

/** Name → default, groups with what is in them. */
type Options = ReadonlyMap<string, unknown>

const registry = new Registry(builtIns)

for (const kind of KINDS) {
  for (const type of registry.types(kind)) {
    test(`the options of ${type} are those of its schema`, async () => {
      const told = tableOf(path.join(`${kind}s`, type, 'README.md'), 'Option')
      const { schema } = (await registry.find(kind, type))!
      assertSame(told, optionsOf(schema, told))
    })
  }
}

for (const [heading, schema] of [
  ['Under `service`', SERVICE_SCHEMA],
  ['Of every exporter', SENDING_QUEUE_SCHEMA]
] as const) {
  test(`the options ${heading} are those of the schema`, () => {
    const told = tableOf('docs/operators.md', heading)
    assertSame(told, optionsOf(schema, told))
  })
}

/** Names, and defaults as a reader would take them. */
function assertSame(told: ReadonlyMap<string, string>, options: Options): void {
  assert.deepEqual([...told.keys()].sort(), [...options.keys()].filter(name => name !== 'pipelines').sort())
  for (const [name, text] of told) {
    const value = options.get(name)
    // Words instead of a value: `all` for an option left out.
    if (value === undefined) assert.doesNotMatch(text, /`/, `${name} has no default`)
    else if (text === 'empty' || text === 'none') assert.ok(value === '' || JSON.stringify(value) === '[]', name)
    else assert.equal(plain(text), plain(JSON.stringify(value)), `the default of ${name}`)
  }
}

/** Option → default, of the table of a page that begins with `heading`. */
function tableOf(page: string, heading: string): Map<string, string> {
  const lines = readFileSync(path.join(ROOT, page), 'utf8').split('\n')
  const head = lines.findIndex(line => line.startsWith(`| ${heading} `))
  assert.ok(head >= 0, `${page} has no table of "${heading}"`)
  const end = lines.findIndex((line, i) => i > head && !line.startsWith('|'))
  const rows = lines.slice(head + 2, end).map(line => line.split('|').map(cell => cell.trim()))
  return new Map(rows.map(([, name, value]) => [name.replaceAll('`', ''), value]))
}

/** Groups are taken apart, unless they are `told` as a whole. */
function optionsOf(schema: JsonSchema, told: ReadonlyMap<string, string>, prefix = ''): Map<string, unknown> {
  const options = new Map<string, unknown>()
  for (const [key, option] of Object.entries(schema.properties as Record<string, JsonSchema>)) {
    const name = prefix + key
    if (option.properties === undefined) options.set(name, option.default)
    else if (told.has(name)) options.set(name, Object.fromEntries(optionsOf(option, new Map())))
    else for (const [inner, value] of optionsOf(option, told, `${name}.`)) options.set(inner, value)
  }
  return options
}

/** Without what notation adds. */
const plain = (text: string) => text.replaceAll(/[`"[\]{}\s]/g, '')
