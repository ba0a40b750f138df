import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { load } from 'js-yaml'
import { builtIns } from '../../built-ins.ts'
import { Registry } from '../../core/plugin/registry.ts'
import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { runCase } from './run-case.ts'

const registry = new Registry(builtIns)

// README.md has the language. `UPDATE_GOLDEN=1` writes what is expected anew; read the difference.
for (const input of globSync('*/*/input.txt', { cwd: import.meta.dirname }).sort()) {
  test(path.dirname(input), async () => {
    const folder = path.join(import.meta.dirname, path.dirname(input))
    const plugin = (await registry.find('processor', input.split(path.sep)[0])) as ProcessorPlugin
    const options = load(readFileSync(path.join(folder, 'config.yaml'), 'utf8')) as Record<string, unknown>
    const seen = await runCase(plugin, options ?? {}, readFileSync(path.join(folder, 'input.txt'), 'utf8'))
    const golden = path.join(folder, 'expected.txt')
    if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, seen)
    assert.ok(existsSync(golden), `write it with UPDATE_GOLDEN=1:\n${seen}`)
    assert.equal(seen, readFileSync(golden, 'utf8'))
  })
}
