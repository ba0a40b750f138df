import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { networkFileSystem } from '../../../core/journal/file-system-type.ts'
import { lockFolder } from '../../../core/journal/lock.ts'
import { LockHolder } from './lock-holder.ts'
import { withoutNamespaces } from './namespaces.ts'

const skip = withoutNamespaces()
const IN_USE = /^STATE_INVALID another Weir is using .*: stop it first, or give this one a folder of its own$/

test('one at a time has a folder, by whatever name', async t => {
  const folder = await temporaryFolder(t)
  const link = path.join(folder, 'link')
  await symlink(folder, link)
  const unlock = await lockFolder(folder)
  await assert.rejects(lockFolder(link), { code: 'STATE_INVALID', message: /another Weir is using .*link/ })
  await unlock()
  await (await lockFolder(link))()
  assert.deepEqual((await readdir(folder)).sort(), ['link', 'lock'], 'nothing else is left')
})

test('regression: two containers on one volume could both take the journal, for the lock was of the network', {
  skip
}, async t => {
  const folder = await temporaryFolder(t)
  const first = await LockHolder.start(t, folder)
  const second = await LockHolder.start(t, folder, { within: ['unshare', '--net'] })
  const third = await LockHolder.start(t, folder, { within: ['unshare', '--net'] })
  assert.equal(await first.lock(), 'locked')
  assert.match((await second.lock())!, IN_USE)
  await first.kill()
  assert.equal(await third.lock(), 'locked')
  assert.match((await second.lock())!, IN_USE)
})

test('of two that start at the same moment one has the folder, also after a kill', async t => {
  const folder = await temporaryFolder(t)
  for (let round = 0; round < 5; round++) {
    const both = await Promise.all([LockHolder.start(t, folder), LockHolder.start(t, folder)])
    const said = (await Promise.all(both.map(holder => holder.lock()))).sort()
    assert.match(said[0]!, IN_USE)
    assert.equal(said[1], 'locked')
    await Promise.all(both.map(holder => holder.kill()))
  }
})

test('a lock is held though nobody keeps its release function', async t => {
  const folder = await temporaryFolder(t)
  await lockFolder(folder)
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < 5; i++) {
    collect()
    await new Promise(resolve => setImmediate(resolve))
  }
  await assert.rejects(lockFolder(folder), { code: 'STATE_INVALID' })
})

test('a folder that cannot be written to is an error with its remedy', { skip }, async t => {
  for (const [options, cause] of [
    ['ro', 'EROFS'],
    ['nr_inodes=1', 'ENOSPC']
  ]) {
    const folder = await temporaryFolder(t)
    const within = mounting(`mount -t tmpfs -o ${options} none`, folder)
    const said = await (await LockHolder.start(t, folder, { within })).lock()
    assert.match(said!, new RegExp(`^STATE_INVALID cannot lock ${folder} .*: ${cause}: .*; give Weir's user the right`))
  }
})

test('a lock on a full disk is had as long as its file is there', { skip }, async t => {
  const folder = await temporaryFolder(t)
  const within = mounting(
    `fill() { mount -t tmpfs -o size=4k none "$1"; : > "$1/lock"; yes > "$1/full"; true; }; fill`,
    folder
  )
  assert.equal(await (await LockHolder.start(t, folder, { within })).lock(), 'locked')
})

test('a folder on a network file system is warned of', { skip }, async t => {
  const folder = await temporaryFolder(t)
  // Mounted for another user, so that the kernel answers for the file system and nobody has to serve it.
  const mount = 'exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode=40000,user_id=1,group_id=1 none'
  const holder = await LockHolder.start(t, folder, { within: mounting(mount, folder) })
  assert.match((await holder.lock())!, /^STATE_INVALID cannot lock .*EACCES/)
  assert.match(holder.stderr, /"fileSystem":"FUSE".*on a network file system/)
  // As in Linux's magic.h; a kernel of 32 bits gives numbers with a sign.
  assert.deepEqual([0x6969, 0xff534d42 | 0, 0x1021997, 0xef53].map(networkFileSystem), ['NFS', 'CIFS', '9p', undefined])
})

test('Node says nothing of node:sqlite, and other warnings still', () => {
  const lock = new URL('../../../core/journal/lock.ts', import.meta.url).href
  const script = `const { lockFolder } = await import(${JSON.stringify(lock)})
    await lockFolder('/proc').catch(() => {})
    process.emitWarning('another', 'ExperimentalWarning')`
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.match(stderr, /ExperimentalWarning: another/)
  assert.doesNotMatch(stderr, /SQLite/)
})

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'weir-lock-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

/** For a process that sees on `folder` what `mount` puts there, and nobody else does. */
function mounting(mount: string, folder: string): string[] {
  return ['unshare', '--mount', 'sh', '-c', `${mount} "$1" && shift && exec "$@"`, 'sh', folder]
}
