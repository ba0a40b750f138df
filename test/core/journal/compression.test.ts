import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { segmentName } from '../../../core/journal/segment.ts'
import { FOLDER, TestJournal } from './harness.ts'
import { SimulatedDisk } from './simulated-disk.ts'

const FIRST = path.join(FOLDER, segmentName(0))
/** Each is long, and like itself. */
const NAMES = ['a', 'b', 'c'].map(letter => letter.repeat(2000))

async function written(isCompressed: boolean): Promise<Buffer> {
  const disk = new SimulatedDisk()
  const writing = await TestJournal.open(disk, { isCompressed })
  await writing.append(...NAMES)
  await writing.journal.close()
  return disk.contents(FIRST)
}

async function readFrom(bytes: Buffer, isCompressed: boolean): Promise<{ names: string[]; disk: SimulatedDisk }> {
  const disk = new SimulatedDisk()
  disk.put(FIRST, bytes)
  const journal = await TestJournal.open(disk, { isCompressed })
  const names = await journal.readAll()
  await journal.append('more')
  names.push(...(await journal.readAll()))
  await journal.journal.close()
  return { names, disk }
}

test('a compressed journal is much smaller and says the same; either kind is read whatever is written', async () => {
  const [plain, compressed] = [await written(false), await written(true)]
  assert.ok(compressed.length < plain.length / 5, `${compressed.length} of ${plain.length} bytes`)
  for (const bytes of [plain, compressed])
    for (const isCompressed of [false, true]) {
      const { names, disk } = await readFrom(bytes, isCompressed)
      assert.deepEqual(names, [...NAMES, 'more'])
      assert.deepEqual(await (await TestJournal.open(disk)).readAll(), [...NAMES, 'more'])
    }
})

test('a compressed journal torn at any byte of its last frame loses that frame alone', async () => {
  const bytes = await written(true)
  for (let cut = 1; cut < 40; cut++)
    assert.deepEqual(
      (await readFrom(bytes.subarray(0, -cut), true)).names,
      [...NAMES.slice(0, 2), 'more'],
      `${cut} bytes`
    )
})
