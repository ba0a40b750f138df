import path from 'node:path'
import { test } from 'node:test'
import { chromiumProgram } from '../../servers/chromium.ts'
import { assertConforms } from './conformance.ts'

const { skip } = await chromiumProgram()

test('Chromium: everything is counted once, whatever happens on the way', { skip, timeout: 180_000 }, t =>
  assertConforms(t, [process.execPath, path.join(import.meta.dirname, 'programs/chromium.ts')])
)
