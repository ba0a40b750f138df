import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { type Disk, realDisk, replaceFile } from '../../../core/journal/disk.ts'
import { MemoryDisk } from '../../../core/journal/memory-disk.ts'

/** The result of each operation, as programs see it. */
async function use(disk: Disk, folder: string): Promise<unknown[]> {
  const seen: unknown[] = []
  const [first, second, other] = ['b', 'a', 'in/c'].map(name => path.join(folder, name))
  await disk.makeFolder(folder)
  await disk.makeFolder(path.join(folder, 'in'))
  const file = await disk.create(first)
  await file.append(Buffer.from('one'))
  await file.append(Buffer.alloc(5000, 'x'))
  await file.sync()
  const into = Buffer.alloc(8, '.')
  for (const position of [0, 4999, 6000]) seen.push(await file.read(into, position), into.toString())
  await file.truncate(5)
  await file.append(Buffer.from('two'))
  await file.close()
  seen.push(await disk.size(first), (await disk.read(first)).toString())
  await replaceFile(disk, other, [Buffer.from('a'), Buffer.from('b')])
  await disk.rename(first, second)
  const again = await disk.open(second)
  await again.append(Buffer.from('!'))
  await again.close()
  seen.push((await disk.read(second)).toString(), await disk.list(path.join(folder, 'in')))
  seen.push((await disk.list(folder)).filter(name => name !== 'in'))
  await disk.remove(second)
  await disk.remove(second)
  seen.push(await disk.read(second).catch(error => error.code), await disk.open(second).catch(error => error.code))
  seen.push(await disk.size(second).catch(error => error.code), (await disk.read(other)).toString())
  return seen
}

test('files in memory are as those on a disk, by whatever path', async t => {
  const folder = await mkdtemp(path.join(tmpdir(), 'weir-disk-'))
  t.after(() => rm(folder, { recursive: true }))
  const real = await use(realDisk, folder)
  assert.deepEqual(await use(new MemoryDisk(), folder), real)
  const relative = new MemoryDisk()
  await (await relative.create('./data/journal/a')).append(Buffer.from('x'))
  assert.deepEqual(await relative.list('data/journal'), ['a'])
})
