import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import type { DiskFile } from '../../../core/journal/disk.ts'
import type { DataEntry } from '../../../core/journal/entry.ts'
import { inspectSegment } from '../../../core/journal/inspection.ts'
import { FRAME_HEADER_BYTES, sealFrame, segmentName } from '../../../core/journal/segment.ts'
import { PointBlockBuilder } from '../../../core/model/points.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { namedEntry, nameOf } from './blocks.ts'
import { FOLDER, TestJournal, turns } from './harness.ts'
import { SimulatedDisk } from './simulated-disk.ts'

const FIRST = path.join(FOLDER, segmentName(0))

test('entries that do not fit into memory are read back from disk, in order', async () => {
  const disk = new SimulatedDisk()
  const test = await TestJournal.open(disk, { memoryBytes: 2, segmentBytes: 500 })
  const names = Array.from({ length: 20 }, (_, i) => `e${i}`)
  await test.append(...names)
  assert.deepEqual(await test.readAll(), names)
  await test.append('again')
  const before = disk.opened
  assert.equal(nameOf(test.journal.readFromMemory()!.entry), 'again')
  assert.equal(disk.opened, before)
})

test('regression: a reader that catches up does not begin its segment anew with each entry', async () => {
  const disk = new SimulatedDisk()
  const test = await TestJournal.open(disk, { memoryBytes: 0 })
  const before = disk.opened
  for (let i = 0; i < 10; i++) {
    await test.append(`e${i}`)
    assert.deepEqual(await test.readAll(), [`e${i}`])
  }
  assert.equal(disk.opened - before, 2, 'one to write, one to read')
})

test('segments that hold nothing needed are removed, the last one never', async () => {
  const disk = new SimulatedDisk()
  const test = await TestJournal.open(disk, { segmentBytes: 1 })
  await test.append('a', 'b', 'c', 'd')
  const files = disk.files
  await test.journal.removeBefore(0)
  assert.deepEqual(disk.files, files)
  await test.journal.removeBefore(2)
  assert.deepEqual(disk.files, files.slice(2))
  await test.journal.removeBefore(4)
  assert.deepEqual(disk.files, files.slice(3))
  assert.equal(test.journal.bytes, disk.contents(files[3]).length)
})

test('regression: definitions of series filled segments, each of which defined them anew', async () => {
  const series = new SeriesTable()
  const segmentsOf = async (maxBytes: number) => {
    const disk = new SimulatedDisk()
    const test = await TestJournal.open(disk, { segmentBytes: 500, maxBytes, series })
    for (let i = 0; i < 36; i++) await test.appendEntry(longSeries(series, i % 12))
    return disk.files.length
  }
  const many = await segmentsOf(1 << 20)
  assert.ok(many > 2 && many < 12, `${many} segments of some entries each`)
  assert.ok((await segmentsOf(8000)) > 15, 'they do count for the size of a journal that must stay small')
})

/** An entry of one point, whose series has long attributes. */
function longSeries(table: SeriesTable, i: number): DataEntry {
  const metric = { name: 'm', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  const points = new PointBlockBuilder()
  points.add(table.intern(metric, [['name', `${'n'.repeat(1000)}${i}`]]), 1, 1)
  return { kind: 'data', time: 1, source: 'test', request: undefined, block: points.build() }
}

test('it is full at its size, and no longer when segments are removed', async () => {
  const disk = new SimulatedDisk()
  const test = await TestJournal.open(disk, { segmentBytes: 1, maxBytes: 400 })
  await test.append('a', 'b', 'c')
  assert.equal(test.journal.isFull, true)
  await test.journal.removeBefore(3)
  assert.equal(test.journal.isFull, false)
})

test('regression: a commit while segments are removed is not left out of the size', async () => {
  const disk = new SimulatedDisk()
  const test = await TestJournal.open(disk, { segmentBytes: 1 })
  await test.append('a', 'b', 'c')
  await Promise.all([test.append('d', 'e'), test.journal.removeBefore(2)])
  const onDisk = disk.files.reduce((sum, file) => sum + disk.contents(file).length, 0)
  assert.equal(test.journal.bytes, onDisk)
})

test('regression: an entry reported as failed is not there after a crash, though its write had worked', async () => {
  const disk = new SimulatedDisk(() => 0.9)
  const test = await TestJournal.open(disk)
  await test.append('kept')
  disk.faults.push(undefined, { code: 'EIO', when: 'after' })
  test.journal.append(namedEntry('failed'), 1)
  while (test.failures.length === 0) {
    test.clock.advance(1)
    await turns(1)
  }
  disk.crash()
  assert.deepEqual(await (await TestJournal.open(disk)).readAll(), ['kept'])
})

test('regression: a failure is reported only after its remains are cut off', async () => {
  const disk = new SimulatedDisk()
  const test = await TestJournal.open(disk)
  await test.append('kept')
  disk.broken = { code: 'EIO', when: 'before' }
  test.journal.append(namedEntry('failed'), 1)
  for (let i = 0; i < 50; i++) {
    test.clock.advance(100)
    await turns(1)
  }
  assert.deepEqual([test.failures.length, test.journal.isFailing], [0, true])
  disk.broken = undefined
  for (let i = 0; i < 50; i++) {
    test.clock.advance(100)
    await turns(1)
  }
  assert.deepEqual([test.failures.length, test.journal.isFailing], [1, false])
  await test.append('later')
  assert.deepEqual(await test.readAll(), ['kept', 'later'])
})

test('regression: an entry appended while a failure is dealt with fails too, and does not come with the next commit', async () => {
  const disk = new SimulatedDisk()
  const test = await TestJournal.open(disk)
  await test.append('kept')
  disk.faults.push({ code: 'ENOSPC', when: 'after' })
  test.journal.append(namedEntry('failed'), 1)
  while (test.failures.length === 0) {
    if (test.journal.isFailing) test.journal.append(namedEntry('too late'), 1)
    test.clock.advance(1)
    await turns(1)
  }
  await test.append('later')
  assert.deepEqual(await test.readAll(), ['kept', 'later'])
  await test.journal.close()
  assert.deepEqual(await (await TestJournal.open(disk)).readAll(), ['kept', 'later'])
})

test('regression: bytes that a killed process wrote and did not sync are synced before the journal continues', async () => {
  const disk = new SimulatedDisk(() => 0)
  const first = await TestJournal.open(disk)
  await first.append('kept')
  first.journal.append(namedEntry('unsynced'), 1)
  first.clock.advance(10)
  const { length } = disk.contents(FIRST)
  while (disk.contents(FIRST).length === length) await turns(1)
  disk.kill()
  const found = await (await TestJournal.open(disk)).readAll()
  assert.deepEqual(found, ['kept', 'unsynced'])
  disk.crash()
  assert.deepEqual(await (await TestJournal.open(disk)).readAll(), found)
})

test('entries that come while a group is written make the next group', async () => {
  const disk = new SimulatedDisk()
  const test = await TestJournal.open(disk)
  await test.append('first')
  const before = disk.contents(FIRST).length
  test.journal.append(namedEntry('a'), 1)
  test.journal.append(namedEntry('b'), 1)
  while (test.journal.unread < 3) {
    test.clock.advance(1)
    await turns(1)
  }
  const frame = disk.contents(FIRST).subarray(before)
  assert.equal(frame.readUInt32LE(0), frame.length - FRAME_HEADER_BYTES, 'one frame')
  assert.equal(frame.readUInt32LE(16), 2, 'of two entries')
})

test('regression: a segment whose removal was not synced at once counted for good', async () => {
  const disk = new SimulatedDisk()
  const test = await TestJournal.open(disk, { segmentBytes: 1 })
  await test.append('a', 'b', 'c')
  const files = disk.files
  // After the list of files, the size and the removal of the first.
  disk.faults.push(undefined, undefined, undefined, { code: 'EIO', when: 'before' })
  await assert.rejects(test.journal.removeBefore(3), { code: 'EIO' })
  await test.journal.removeBefore(3)
  assert.deepEqual(disk.files, files.slice(2))
  assert.equal(test.journal.bytes, disk.contents(files[2]).length)
})

/** Knows how many files are open. */
class CountingDisk extends SimulatedDisk {
  openNow = 0

  override async open(file: string): Promise<DiskFile> {
    const handle = await super.open(file)
    this.openNow++
    return {
      ...handle,
      close: () => {
        this.openNow--
        return handle.close()
      }
    }
  }
}
test('regression: a journal that stays damaged was opened anew with each try, and never closed', async () => {
  const disk = new CountingDisk()
  const test = await TestJournal.open(disk, { memoryBytes: 0 })
  await test.append('a', 'b')
  const bytes = disk.contents(FIRST)
  const damaged = Buffer.from(bytes)
  damaged[damaged.length - 1] ^= 1
  disk.put(FIRST, damaged)
  assert.equal(nameOf((await test.journal.read())!.entry), 'a')
  const { openNow } = disk
  for (let i = 0; i < 5; i++) await assert.rejects(test.journal.read(), /entry 1 should be here/)
  assert.ok(disk.openNow <= openNow)
  disk.put(FIRST, bytes)
  assert.deepEqual(await test.readAll(), ['b'])
})

test('regression: a frame that makes no sense was skipped by the second try to read it', async () => {
  const disk = new CountingDisk()
  const writer = await TestJournal.open(disk, { memoryBytes: 0 })
  await writer.append('a', 'b', 'c')
  await writer.journal.close()
  const whole = disk.contents(FIRST)
  const { frames } = await inspectSegment(disk, FIRST)
  const ofAnotherVersion = Buffer.from(whole)
  const second = ofAnotherVersion.subarray(frames[1].at, frames[2].at)
  second.fill(99, FRAME_HEADER_BYTES)
  sealFrame(second, 1, 1)
  disk.put(FIRST, ofAnotherVersion)
  const test = await TestJournal.open(disk, { memoryBytes: 0 })
  assert.equal(nameOf((await test.journal.read())!.entry), 'a')
  const { openNow } = disk
  for (let i = 0; i < 5; i++) await assert.rejects(test.journal.read(), /unknown entry type 99/)
  assert.ok(disk.openNow <= openNow)
  disk.put(FIRST, whole)
  assert.deepEqual(await test.readAll(), ['b', 'c'])
})
