import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { surveyJournal } from '../../../core/journal/recovery.ts'
import { FRAME_HEADER_BYTES, HEADER_BYTES, segmentName } from '../../../core/journal/segment.ts'
import { FOLDER, TestJournal } from './harness.ts'
import { SimulatedDisk } from './simulated-disk.ts'

const FIRST = path.join(FOLDER, segmentName(0))
const NAMES = ['a', 'b', 'c']

/** A closed journal of one segment, a frame for each of `names`. */
async function written(names = NAMES, segmentBytes?: number): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk()
  const writing = await TestJournal.open(disk, segmentBytes === undefined ? {} : { segmentBytes })
  await writing.append(...names)
  await writing.journal.close()
  return disk
}

/** Where each frame begins, and where the last ends. */
function frames(bytes: Buffer): number[] {
  const offsets = [HEADER_BYTES]
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    at += FRAME_HEADER_BYTES + bytes.readUInt32LE(at)
    offsets.push(at)
  }
  return offsets
}

function diskOf(bytes: Buffer): SimulatedDisk {
  const disk = new SimulatedDisk()
  disk.put(FIRST, bytes)
  return disk
}

test('a last frame torn at any byte is cut off, and appending goes on', async () => {
  const bytes = (await written()).contents(FIRST)
  const last = frames(bytes)[2]
  for (let length = last; length < bytes.length; length++) {
    const disk = diskOf(bytes.subarray(0, length))
    const recovered = await TestJournal.open(disk)
    assert.equal(recovered.journal.tornBytes, length - last)
    assert.equal(disk.contents(FIRST).length, last)
    assert.deepEqual(await recovered.readAll(), ['a', 'b'])
    await recovered.append('d')
    assert.deepEqual(await recovered.readAll(), ['d'])
    await recovered.journal.close()
    disk.crash()
    assert.deepEqual(await (await TestJournal.open(disk)).readAll(), ['a', 'b', 'd'], `torn at byte ${length}`)
  }
})

test('a last frame of which the middle never reached the disk is cut off', async () => {
  const bytes = (await written()).contents(FIRST)
  const [, , last, end] = frames(bytes)
  for (let at = last; at < end; at++) {
    const torn = Buffer.from(bytes)
    torn.fill(0, at, Math.min(end, at + 7))
    if (torn.equals(bytes)) continue
    assert.deepEqual(await (await TestJournal.open(diskOf(torn))).readAll(), ['a', 'b'], `zeros from byte ${at}`)
  }
})

test('a bit flipped anywhere before the last frame is named with its segment and offset', async () => {
  const bytes = (await written()).contents(FIRST)
  const offsets = frames(bytes)
  for (let at = 0; at < offsets[2]; at++) {
    for (const bit of [1, 128]) {
      const damaged = Buffer.from(bytes)
      damaged[at] ^= bit
      const offset = at < HEADER_BYTES ? 0 : offsets.findLast(begin => begin <= at)
      const disk = diskOf(damaged)
      await assert.rejects(TestJournal.open(disk), { code: 'STATE_INVALID' }, `byte ${at}`)
      await assert.rejects(TestJournal.open(disk), new RegExp(`${FIRST} is damaged at byte ${offset}:`), `byte ${at}`)
      assert.deepEqual(disk.contents(FIRST), damaged, 'it is left as it was')
    }
  }
})

test('a bit flipped anywhere in a segment that is not the last is found', async () => {
  const disk = await written(NAMES, 1)
  const file = path.join(FOLDER, segmentName(1))
  const bytes = disk.contents(file)
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at] ^= 4
    disk.put(file, damaged)
    const offset = at < HEADER_BYTES ? 0 : HEADER_BYTES
    await assert.rejects(TestJournal.open(disk), new RegExp(`${file} is damaged at byte ${offset}:`), `byte ${at}`)
  }
})

test('regression: a damaged header of the last segment does not delete its entries', async () => {
  const bytes = (await written()).contents(FIRST)
  bytes[3] ^= 1
  const disk = diskOf(bytes)
  await assert.rejects(TestJournal.open(disk), /is damaged at byte 0: its header is not whole/)
  assert.deepEqual(disk.files, [FIRST])
})

test('regression: a torn group of a thousand columns is told from damage in no time', async () => {
  const bytes = (await written()).contents(FIRST)
  const columns = Buffer.alloc(4 << 20)
  for (let at = 0; at < columns.length; at += 4) columns.writeUInt32LE(at % 1000, at)
  const disk = diskOf(Buffer.concat([bytes, columns]))
  const begun = performance.now()
  assert.equal((await TestJournal.open(disk)).journal.tornBytes, columns.length)
  assert.ok(performance.now() - begun < 2_000)
})

test('a missing segment is named', async () => {
  const disk = await written(['a', 'b', 'c', 'd'], 1)
  await disk.remove(path.join(FOLDER, segmentName(1)))
  await disk.remove(path.join(FOLDER, segmentName(2)))
  await assert.rejects(TestJournal.open(disk), new RegExp(`${FIRST} is damaged at byte .*: entries 1 to 2 are missing`))
  const from = await TestJournal.open(disk, {}, 3)
  assert.deepEqual(await from.readAll(), ['d'], 'entries before the checkpoint may be missing')
  await disk.remove(FIRST)
  await assert.rejects(TestJournal.open(disk, {}, 2), /is damaged at byte 0: entries 2 to 2 are missing/)
})

test('garbage behind an older segment is no harm where the next one continues its numbers', async () => {
  const disk = await written(['a', 'b'], 1)
  const garbage = Buffer.from('the remains of a failed write')
  disk.put(FIRST, Buffer.concat([disk.contents(FIRST), garbage]))
  const recovered = await TestJournal.open(disk)
  assert.deepEqual(await recovered.readAll(), ['a', 'b'])
})

test('a segment that was just being begun is forgotten', async () => {
  const next = path.join(FOLDER, segmentName(3))
  const header = (await written()).contents(FIRST).subarray(0, HEADER_BYTES)
  for (let length = 0; length < HEADER_BYTES; length++) {
    const disk = await written()
    disk.put(next, header.subarray(0, length))
    const recovered = await TestJournal.open(disk)
    await recovered.append('d')
    assert.deepEqual(await recovered.readAll(), [...NAMES, 'd'])
    await recovered.journal.close()
    assert.deepEqual(await (await TestJournal.open(disk)).readAll(), [...NAMES, 'd'])
  }
})

test('an empty folder is an empty journal', async () => {
  const disk = new SimulatedDisk()
  const { journal } = await TestJournal.open(disk)
  assert.deepEqual([journal.next, journal.unread, journal.bytes, journal.isFull], [0, 0, 0, false])
  assert.equal(await journal.read(), undefined)
  await journal.close()
  assert.deepEqual(disk.files, [])
})

test('a journal that ends before the checkpoint goes on behind it', async () => {
  const disk = await written()
  const { journal } = await TestJournal.open(disk, {}, 7)
  assert.deepEqual([journal.next, journal.unread], [7, 0])
  const recovered = await TestJournal.open(disk, {}, 7)
  await recovered.append('later')
  await recovered.journal.close()
  assert.deepEqual(await (await TestJournal.open(disk, {}, 7)).readAll(), ['later'])
})

test('a survey without repair changes nothing', async () => {
  const bytes = (await written()).contents(FIRST)
  const torn = bytes.subarray(0, -3)
  const disk = diskOf(torn)
  const { segments, nextEntry, tornBytes } = await surveyJournal(disk, FOLDER, { repair: false })
  const end = frames(bytes)[2]
  assert.deepEqual(segments, [{ file: FIRST, firstEntry: 0, nextEntry: 2, bytes: torn.length, end }])
  assert.deepEqual([nextEntry, tornBytes], [2, torn.length - end])
  assert.deepEqual(disk.contents(FIRST), Buffer.from(torn))
})
