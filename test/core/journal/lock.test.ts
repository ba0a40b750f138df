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
  await killHolder(folder)
  await (await lockFolder(folder))()
})

test('regression: of several that started at once after a kill, two could have the folder', async t => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'weir-lock-'))
  t.after(() => rm(folder, { recursive: true }))
  for (let round = 0; round < 5; round++) {
    await killHolder(folder)
    const tries = await Promise.allSettled(Array.from({ length: 6 }, () => lockFolder(folder)))
    const unlocks = tries.flatMap(tried => (tried.status === 'fulfilled' ? [tried.value] : []))
    assert.equal(unlocks.length, 1)
    await unlocks[0]()
  }
})

/** Has a process take the lock, and kills it. */
async function killHolder(folder: string): Promise<void> {
  const lock = new URL('../../../core/journal/lock.ts', import.meta.url).href
  const script = `const { lockFolder } = await import(${JSON.stringify(lock)})
    await lockFolder(${JSON.stringify(folder)})
    process.kill(process.pid, 'SIGKILL')`
  await assert.rejects(promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]), {
    signal: 'SIGKILL'
  })
}
