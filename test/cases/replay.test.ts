import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { load } from 'js-yaml'
import { builtIns } from '../../built-ins.ts'
import { Registry } from '../../core/plugin/registry.ts'
import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { runCase } from './run-case.ts'

const registry = new Registry(builtIns)

// With a journal, what came in since the last snapshot is processed again after a crash, and must become the same.
for (const file of globSync('*/*/input.txt', { cwd: import.meta.dirname }).sort()) {
  const folder = path.join(import.meta.dirname, path.dirname(file))
  const plugin = (await registry.find('processor', file.split(path.sep)[0])) as ProcessorPlugin
  const options = (load(readFileSync(path.join(folder, 'config.yaml'), 'utf8')) ?? {}) as Record<string, unknown>
  if (plugin.handsBack?.(options)) continue
  test(`${path.dirname(file)} goes on from a snapshot at any place as if nothing had happened`, async () => {
    const paragraphs = readFileSync(path.join(folder, 'input.txt'), 'utf8').split(/\n\s*\n/)
    const whole = await runCase(plugin, options, paragraphs.join('\n\n'), true)
    for (let at = 1; at < paragraphs.length; at++) {
      const crashed = paragraphs.toSpliced(at, 0, 'crash').join('\n\n')
      assert.equal(await runCase(plugin, options, crashed, true), whole, `before ${paragraphs[at]}`)
    }
  })
}
