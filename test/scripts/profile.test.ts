import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ROOT, Sandbox } from '../e2e/weir-process.ts'

test('npm run profile writes a profile of Weir under load, and says where the time went', async t => {
  const sandbox = await Sandbox.open(t)
  const script = path.join(ROOT, 'scripts/profile.ts')
  const { code, stdout, stderr } = await sandbox.run(process.execPath, [script, '--seconds', '1', 'through/1000'])
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^ {2}1 × \S+ +\d+\.\d\d +\d+\.\d\d$/m)
  for (const folder of ['core/wire', 'node', 'native code and the kernel'])
    assert.match(stdout, new RegExp(`^ +\\d+\\.\\d %  ${folder}$`, 'm'))
  assert.match(stdout, /^ +\d+\.\d % {2}\S+ core\/[a-z/-]+\.ts:\d+$/m)
  const { samples } = JSON.parse(readFileSync(sandbox.path('weir-through-1000-0.cpuprofile'), 'utf8'))
  assert.ok(samples.length > 100)
})
