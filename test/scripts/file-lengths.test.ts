import assert from 'node:assert/strict'
import { it } from 'node:test'
import { checkFileLengths } from '../../scripts/file-lengths.ts'
import { makeTree } from './make-tree.ts'

it('a file may have 300 lines, and not 301', t => {
  const root = makeTree(t, { 'core/long.ts': '\n'.repeat(301), 'core/short.ts': '\n'.repeat(300) })
  assert.deepEqual(checkFileLengths(root), ['core/long.ts has 301 lines: split it by concept, 300 are the most'])
})
