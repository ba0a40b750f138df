import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { Registry } from '../../../core/plugin/registry.ts'

const PLUGIN = `export default {
  api: 1, kind: 'processor', type: 'mine', stability: 'stable', description: 'Does nothing.',
  ports: { in: 'any', out: 'any' }, schema: { type: 'object', properties: {} }, create: () => ({ process: block => block })
}`

test('regression: a plugin was taken for a second one of its type when a reload read the configuration again', async t => {
  const folder = await mkdtemp(path.join(tmpdir(), 'weir-registry-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const name of ['one.mjs', 'other.mjs']) await writeFile(path.join(folder, name), PLUGIN)
  const registry = new Registry({ receiver: {}, processor: {}, exporter: {}, extension: {} })
  const file = path.join(folder, 'weir.yaml')
  await registry.add('./one.mjs', file)
  await registry.add('./one.mjs', file)
  assert.equal((await registry.find('processor', 'mine'))?.type, 'mine')
  await assert.rejects(registry.add('./other.mjs', file), /brings a processor mine, but there is one already/)
})
