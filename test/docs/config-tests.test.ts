import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { EXIT } from '../../core/cli/exit-codes.ts'
import { runTests } from '../../core/cli/test.ts'
import { MemoryTerminal } from '../core/cli/memory-terminal.ts'
import { ROOT } from '../e2e/weir-process.ts'

const namesIn = (folder: string) => globSync(`${folder}/*.yaml`, { cwd: ROOT }).map(file => path.basename(file))
const TESTS = namesIn('configs/tests')

test('every configuration has a test', () => {
  assert.deepEqual(TESTS.sort(), namesIn('configs').sort())
})

for (const name of TESTS)
  test(`configs/tests/${name}`, async () => {
    const terminal = new MemoryTerminal()
    const code = await runTests(terminal, [path.join(ROOT, 'configs/tests', name)])
    assert.deepEqual([code, terminal.stderr], [EXIT.ok, ''])
    assert.match(terminal.stdout, /: SUCCESS: \d+ expectations in \d+ tests\n$/)
  })
