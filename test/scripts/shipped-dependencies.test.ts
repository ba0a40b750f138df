import assert from 'node:assert/strict'
import path from 'node:path'
import { it } from 'node:test'
import { checkShippedDependencies } from '../../scripts/shipped-dependencies.ts'
import { makeTree } from './make-tree.ts'

it('shipped files import every dependency', () => {
  assert.deepEqual(checkShippedDependencies(path.join(import.meta.dirname, '../..')), [])
})

it('regression: a package that only tests import was a dependency of everybody', t => {
  const used = { pino: '1', '@scope/a': '1', 'csv-parse': '1', '@types/node': '1', '@types/pino': '1', rxjs: '1' }
  const manifest = { dependencies: { ...used, unused: '1', '@types/unused': '1' }, peerDependencies: { chdb: '1' } }
  const root = makeTree(t, {
    'package.json': JSON.stringify(manifest),
    'core/a.ts': `import type { P } from 'pino'
export * from '@scope/a/part'
import 'node:fs'
import { parse } from 'csv-parse/sync'
import { a } from './unused.ts'
import { readFile } from 'node:fs'
const rxjs = await import('rxjs')`,
    'test/a.ts': "import { Connection } from 'chdb'\nimport { u } from 'unused'"
  })
  assert.deepEqual(
    checkShippedDependencies(root).map(line => /imports (\S+);/.exec(line)![1]),
    ['unused', '@types/unused', 'chdb']
  )
})
