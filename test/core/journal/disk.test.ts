import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { link, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { type DiskFile, realDisk, replaceFile } from '../../../core/journal/disk.ts'

const MIB = 2 ** 20
const folder = mkdtempSync(path.join(tmpdir(), 'weir-disk-'))
after(() => rm(folder, { recursive: true }))

test('a large file that is removed is freed in pieces, the last of them small', async () => {
  const file = path.join(folder, 'large')
  await writeFile(file, Buffer.alloc(9 * MIB))
  const handle = await open(file)
  await realDisk.remove(file)
  const { size } = await handle.stat()
  await handle.close()
  assert.equal(size, MIB)
  assert.deepEqual(await readdir(folder), [])
})

test('a copy by a hard link stays whole', async () => {
  const [file, copy] = [path.join(folder, 'file'), path.join(folder, 'copy')]
  await writeFile(file, Buffer.alloc(9 * MIB))
  await link(file, copy)
  await realDisk.remove(file)
  assert.equal((await stat(copy)).size, 9 * MIB)
  await rm(copy)
})

test('a missing file need not be removed', async () => {
  await realDisk.remove(path.join(folder, 'nothing'))
})

test('regression: a large file was synced at once, and held up the syncs of others', async () => {
  const file = path.join(folder, 'checkpoint')
  let unsynced = 0
  let most = 0
  const watched = (handle: DiskFile): DiskFile => ({
    ...handle,
    async append(bytes) {
      await handle.append(bytes)
      unsynced += bytes.length
      most = Math.max(most, unsynced)
    },
    async sync() {
      await handle.sync()
      unsynced = 0
    }
  })
  const disk = { ...realDisk, create: async (name: string) => watched(await realDisk.create(name)) }
  const pieces = [Buffer.from('head'), Buffer.alloc(9 * MIB, 'a'), Buffer.alloc(5 * MIB, 'b'), Buffer.from('end')]
  await replaceFile(disk, file, pieces)
  assert.ok(most <= 8 * MIB, `${most} bytes were not synced`)
  assert.equal(unsynced, 0)
  assert.ok((await readFile(file)).equals(Buffer.concat(pieces)))
  await rm(file)
})
