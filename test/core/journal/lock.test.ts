import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { lockFolder } from '../../../core/journal/lock.ts'

test('one at a time has a folder, by whatever name', async t => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'weir-lock-'))
  t.after(() => rm(folder, { recursive: true }))
  const link = path.join(folder, 'link')
  await symlink(folder, link)
  const unlock = await lockFolder(folder)
  await assert.rejects(lockFolder(link), { code: 'STATE_INVALID', message: /another Weir is using .*link/ })
  await unlock()
  await (await lockFolder(link))()
})

test('a process that was killed holds nothing', async t => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'weir-lock-'))
  t.after(() => rm(folder, { recursive: true }))
  const lock = new URL('../../../core/journal/lock.ts', import.meta.url).href
  const script = `const { lockFolder } = await import(${JSON.stringify(lock)})
    await lockFolder(${JSON.stringify(folder)})
    process.kill(process.pid, 'SIGKILL')`
  await assert.rejects(promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]), {
    signal: 'SIGKILL'
  })
  await (await lockFolder(folder))()
})
