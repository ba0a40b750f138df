import path from 'node:path'
import { test } from 'node:test'
import { assertConforms } from './conformance.ts'

test('Node: everything is counted once, whatever happens on the way', { timeout: 180_000 }, t =>
  assertConforms(t, [process.execPath, path.join(import.meta.dirname, 'programs/node.ts')])
)
