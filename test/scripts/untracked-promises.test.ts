import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROOT = path.join(import.meta.dirname, '../..')

for (const [name, stray] of [
  ['a rejection that nobody handles', `void Promise.resolve().then(() => { throw new Error('stray') })`],
  ['an error in a timer', `setTimeout(() => { throw new Error('stray') }, 1)`]
])
  test(`a run of tests fails over ${name}, outside of all tests`, async t => {
    const folder = await mkdtemp(path.join(tmpdir(), 'weir-test-run-'))
    t.after(() => rm(folder, { recursive: true }))
    const file = path.join(folder, 'stray.test.mjs')
    await writeFile(
      file,
      `import { test } from 'node:test'
test('passes', async () => { ${stray}; await new Promise(resolve => setTimeout(resolve, 50)) })`
    )
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
    const failed = await run(process.execPath, ['scripts/test.ts', file], { cwd: ROOT, env }).catch(error => error)
    assert.equal(failed.code, 1)
    assert.match(failed.stdout, /stray/)
  })
