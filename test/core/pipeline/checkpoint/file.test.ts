import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../../../core/pipeline/checkpoint/file.ts'
import { FOLDER } from '../../journal/harness.ts'
import { randomFrom, SimulatedDisk } from '../../journal/simulated-disk.ts'

const FILE = `${FOLDER}/checkpoint`
const OLDER: Checkpoint = {
  nextEntry: 3,
  time: 17,
  snapshots: new Map([['a', Uint8Array.of(1, 2)]]),
  queuePositions: new Map()
}
const NEWER: Checkpoint = {
  nextEntry: 9,
  time: 19,
  snapshots: new Map([['a', Uint8Array.of(3)]]),
  queuePositions: new Map([['x', { next: 3, end: 7 }]])
}

test('a checkpoint comes back as it was', async () => {
  const disk = new SimulatedDisk()
  assert.equal(await readCheckpoint(disk, FOLDER), undefined)
  for (const checkpoint of [OLDER, NEWER]) {
    await writeCheckpoint(disk, FOLDER, checkpoint)
    assert.deepEqual(await readCheckpoint(disk, FOLDER), checkpoint)
  }
  disk.crash()
  assert.deepEqual(await readCheckpoint(disk, FOLDER), NEWER)
})

test('a checkpoint cut off at any byte, or with any byte changed, is refused by name', async () => {
  const disk = new SimulatedDisk()
  await writeCheckpoint(disk, FOLDER, OLDER)
  const bytes = disk.contents(FILE)
  const isRefused = async (what: string) => {
    await assert.rejects(readCheckpoint(disk, FOLDER), { code: 'STATE_INVALID' }, what)
    await assert.rejects(readCheckpoint(disk, FOLDER), new RegExp(`${FILE} is damaged`), what)
  }
  for (let at = 0; at < bytes.length; at++) {
    disk.put(FILE, bytes.subarray(0, at))
    await isRefused(`cut off at byte ${at}`)
    const damaged = Buffer.from(bytes)
    damaged[at] ^= 16
    disk.put(FILE, damaged)
    await isRefused(`byte ${at} changed`)
  }
})

test('a crash at any moment of writing leaves the old checkpoint or the new one', async () => {
  for (let seed = 0; seed < 300; seed++) {
    const disk = new SimulatedDisk(randomFrom(seed))
    await writeCheckpoint(disk, FOLDER, OLDER)
    let isDone = false
    void writeCheckpoint(disk, FOLDER, NEWER).then(() => (isDone = true))
    for (let turn = 0; turn < seed % 9; turn++) await new Promise(setImmediate)
    disk.crash()
    const kept = await readCheckpoint(disk, FOLDER)
    if (isDone) assert.deepEqual(kept, NEWER, `seed ${seed}`)
    else assert.deepEqual(kept, kept?.nextEntry === NEWER.nextEntry ? NEWER : OLDER, `seed ${seed}`)
  }
})

test('a checkpoint that cannot be written leaves the old one, and no half file behind', async () => {
  const disk = new SimulatedDisk()
  await writeCheckpoint(disk, FOLDER, OLDER)
  for (let operation = 0; operation < 6; operation++) {
    for (const when of ['before', 'after'] as const) {
      disk.faults.push(...new Array<undefined>(operation).fill(undefined), { code: 'ENOSPC', when })
      const isWritten = await writeCheckpoint(disk, FOLDER, NEWER).then(
        () => true,
        error => assert.equal(error.code, 'ENOSPC')
      )
      disk.faults.length = 0
      const kept = await readCheckpoint(disk, FOLDER)
      if (isWritten) assert.deepEqual(kept, NEWER)
      assert.deepEqual(disk.files, [FILE])
      await writeCheckpoint(disk, FOLDER, OLDER)
    }
  }
})
