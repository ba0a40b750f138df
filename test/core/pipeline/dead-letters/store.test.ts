import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { type DeadLetter, DeadLetterStore } from '../../../../core/pipeline/dead-letters/store.ts'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import { numbered } from '../sending-queue/blocks.ts'

const FOLDER = '/dead'
const LETTER: DeadLetter = {
  kind: 'exporter',
  id: 'victoriametrics',
  reason: 'rejected',
  error: 'label too long',
  time: 17,
  request: undefined,
  key: undefined,
  block: numbered(3)
}
const series = new SeriesTable()

test('dead letters come back as they were, in order, also after a restart, until they are removed', async () => {
  const disk = new SimulatedDisk()
  const deadLetters = await DeadLetterStore.open(disk, FOLDER)
  const other: DeadLetter = { ...LETTER, kind: 'receiver', id: 'otlp', request: 'abc', block: numbered(5) }
  await deadLetters.put(LETTER)
  await deadLetters.put(other)
  disk.crash()
  const reopened = await DeadLetterStore.open(disk, FOLDER)
  assert.deepEqual(reopened.numbers, [0, 1])
  assert.equal(reopened.bytes, deadLetters.bytes)
  for (const [number, want] of [LETTER, other].entries()) {
    const { block, ...about } = await reopened.read(number, series)
    const { block: wanted, ...aboutWanted } = want
    assert.deepEqual([about, [...block.value]], [aboutWanted, [...wanted.value]])
  }
  await reopened.remove(0)
  await reopened.put(LETTER)
  disk.crash()
  assert.deepEqual((await DeadLetterStore.open(disk, FOLDER)).numbers, [1, 2])
})

test('a dead letter damaged at any byte is refused by name', async () => {
  const disk = new SimulatedDisk()
  const deadLetters = await DeadLetterStore.open(disk, FOLDER)
  await deadLetters.put(LETTER)
  const [file] = disk.files
  const bytes = disk.contents(file)
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at] ^= 4
    for (const content of [damaged, bytes.subarray(0, at)]) {
      disk.put(file, content)
      await assert.rejects(deadLetters.read(0, series), new RegExp(`${file} is damaged`))
    }
  }
})

test('a second dead letter of one key is not kept, also after a restart, but again once the first is gone', async () => {
  const disk = new SimulatedDisk()
  const deadLetters = await DeadLetterStore.open(disk, FOLDER)
  await deadLetters.put({ ...LETTER, key: 'entry7' })
  await deadLetters.put({ ...LETTER, key: 'entry7' })
  const reopened = await DeadLetterStore.open(disk, FOLDER)
  await reopened.put({ ...LETTER, key: 'entry7' })
  assert.deepEqual(reopened.numbers, [0])
  await reopened.remove(0)
  await reopened.put({ ...LETTER, key: 'entry7' })
  assert.deepEqual(reopened.numbers, [1])
})

test('a full folder takes no more, and the error names the remedy', async () => {
  const deadLetters = await DeadLetterStore.open(new SimulatedDisk(), FOLDER, 400)
  await deadLetters.put(LETTER)
  await assert.rejects(deadLetters.put({ ...LETTER, block: numbered(20) }), /full: see "weir dlq list \/dead"/)
  assert.deepEqual(deadLetters.numbers, [0])
})

test('after a failed write there is no dead letter, and no half of one', async () => {
  const disk = new SimulatedDisk()
  const deadLetters = await DeadLetterStore.open(disk, FOLDER)
  disk.capacity = 10
  await assert.rejects(deadLetters.put(LETTER), { code: 'ENOSPC' })
  disk.capacity = Number.POSITIVE_INFINITY
  assert.deepEqual([deadLetters.numbers, disk.files], [[], []])
})

test('regression: a dead letter whose file was synced and its folder not was told as failed, and written a second time', async () => {
  for (const code of ['EIO', 'ENOSPC'] as const)
    for (let step = 0; step < 8; step++) {
      const disk = new SimulatedDisk()
      const deadLetters = await DeadLetterStore.open(disk, FOLDER)
      disk.faults.push(...new Array<undefined>(step).fill(undefined), { code, when: 'after' })
      await deadLetters
        .put({ ...LETTER, key: 'entry7_17' })
        .catch(() => deadLetters.put({ ...LETTER, key: 'entry7_17' }))
      disk.crash()
      assert.equal((await DeadLetterStore.open(disk, FOLDER)).numbers.length, 1, `step ${step}`)
    }
})

test('regression: a dead letter whose file somebody deleted took its room until the next start', async () => {
  const disk = new SimulatedDisk()
  const deadLetters = await DeadLetterStore.open(disk, FOLDER, 400)
  await deadLetters.put(LETTER)
  const [file] = disk.files
  await disk.remove(file)
  await deadLetters.put({ ...LETTER, block: numbered(4) })
  assert.deepEqual(deadLetters.numbers, [1])
})

test('a dead letter that is to be removed is delivered, though the disk does not let go of it at once', async () => {
  const disk = new SimulatedDisk()
  const deadLetters = await DeadLetterStore.open(disk, FOLDER)
  await deadLetters.put({ ...LETTER, key: 'entry7_17' })
  disk.faults.push({ code: 'EIO', when: 'before' })
  await assert.rejects(deadLetters.remove(0), { code: 'EIO' })
  assert.deepEqual([deadLetters.numberOf('entry7_17'), deadLetters.isDelivered(0)], [0, true])
  await deadLetters.remove(0)
  assert.deepEqual(
    [deadLetters.numbers, deadLetters.numberOf('entry7_17'), deadLetters.isDelivered(0)],
    [[], undefined, false]
  )
})
