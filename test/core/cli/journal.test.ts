import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { inspectJournal, replayJournal, truncateJournal, verifyJournal } from '../../../core/cli/journal.ts'
import { realDisk } from '../../../core/journal/disk.ts'
import { Journal } from '../../../core/journal/journal.ts'
import { FRAME_HEADER_BYTES, HEADER_BYTES, segmentName } from '../../../core/journal/segment.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { readCheckpoint, writeCheckpoint } from '../../../core/pipeline/checkpoint/file.ts'
import { systemClock } from '../../../core/telemetry/clock.ts'
import { namedEntry, nameOf } from '../journal/blocks.ts'
import { MemoryTerminal } from './memory-terminal.ts'

const TIME = Date.UTC(2026, 0, 2)

function open(folder: string, from = 0, segmentBytes = 1 << 20): Promise<Journal> {
  const options = { disk: realDisk, folder, clock: systemClock, segmentBytes, maxBytes: 1 << 30 }
  return Journal.open({ ...options, series: new SeriesTable(), onCommitted() {}, onFailed() {} }, from)
}

/** Segments of the entries 0 to 2 and 3 to 5, each entry in a frame of its own, and a checkpoint before entry 1. */
async function written(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'weir-journal-'))
  t.after(() => rm(folder, { recursive: true }))
  for (let run = 0; run < 2; run++) {
    const journal = await open(folder)
    for (let i = run * 3; i < run * 3 + 3; i++) {
      journal.append(namedEntry(`e${i}`, 0, TIME + i * 1000), 1)
      while (journal.unread <= i) await new Promise(setImmediate)
    }
    await journal.close()
  }
  const snapshots = new Map([['counts/windowed_counter', Buffer.alloc(7)]])
  await writeCheckpoint(realDisk, folder, { nextEntry: 1, time: TIME, snapshots, queuePositions: new Map() })
  return folder
}

async function run(command: (terminal: MemoryTerminal) => Promise<number>) {
  const terminal = new MemoryTerminal()
  const code = await command(terminal)
  return { code, stdout: terminal.stdout, stderr: terminal.stderr }
}

async function frameOffset(folder: string, segment: string, frame: number): Promise<number> {
  const bytes = await readFile(path.join(folder, segment))
  let at = HEADER_BYTES
  for (let i = 0; i < frame; i++) at += FRAME_HEADER_BYTES + bytes.readUInt32LE(at)
  return at
}

async function damage(folder: string, segment: string, at: number): Promise<void> {
  const bytes = await readFile(path.join(folder, segment))
  bytes[at] ^= 1
  await writeFile(path.join(folder, segment), bytes)
}

async function entriesOf(folder: string, from: number): Promise<string[]> {
  const journal = await open(folder, from)
  const names: string[] = []
  for (let next = await journal.read(); next !== undefined; next = await journal.read()) names.push(nameOf(next.entry))
  await journal.close()
  return names
}

const [FIRST, SECOND] = [segmentName(0), segmentName(3)]

test('inspect prints segments and checkpoint', async t => {
  const folder = await written(t)
  const { code, stdout, stderr } = await run(terminal => inspectJournal(terminal, folder))
  assert.deepEqual([code, stderr], [EXIT.ok, ''])
  const [first, second, ...checkpoint] = stdout.trimEnd().split('\n')
  assert.match(
    first,
    /^0{16}\.journal {2}from entry 0: 3 entries, \d+ bytes, 2026-01-02T00:00:00\.000Z to .*:02\.000Z$/
  )
  assert.match(second, /^0{15}3\.journal {2}from entry 3: 3 entries, \d+ bytes, .*:03\.000Z to .*:05\.000Z$/)
  assert.deepEqual(checkpoint, [
    'checkpoint  before entry 1, at 2026-01-02T00:00:00.000Z',
    '  counts/windowed_counter: 7 bytes'
  ])
})

test('verify is content with a journal that is whole, also with the torn end that a crash leaves', async t => {
  const folder = await written(t)
  const whole = await run(terminal => verifyJournal(terminal, folder))
  assert.deepEqual([whole.code, whole.stderr], [EXIT.ok, ''])
  assert.match(whole.stdout, /^2 segments, 6 entries: all whole\ncheckpoint {2}before entry 1/)
  const file = path.join(folder, SECOND)
  await writeFile(file, (await readFile(file)).subarray(0, -2))
  const torn = await run(terminal => verifyJournal(terminal, folder))
  assert.equal(torn.code, EXIT.ok)
  assert.match(torn.stdout, /^2 segments, 5 entries: all whole\n\d+ bytes behind the last entry, left by a crash/)
})

test('verify names the segment and the byte of damage, and exits with 1', async t => {
  const folder = await written(t)
  const at = await frameOffset(folder, FIRST, 1)
  await damage(folder, FIRST, at + 30)
  const { code, stdout, stderr } = await run(terminal => verifyJournal(terminal, folder))
  assert.deepEqual([code, stdout], [EXIT.invalid, ''])
  assert.match(stderr, new RegExp(`${FIRST} is damaged at byte ${at}: `))
  const inspected = await run(terminal => inspectJournal(terminal, folder))
  assert.match(inspected.stdout, new RegExp(`1 entry, .* bytes from byte ${at} on are no whole frame`))
})

test('verify names a damaged checkpoint', async t => {
  const folder = await written(t)
  await damage(folder, 'checkpoint', 20)
  const damaged = await run(terminal => verifyJournal(terminal, folder))
  assert.deepEqual([damaged.code, /checkpoint is damaged/.test(damaged.stderr)], [EXIT.invalid, true])
})

test('truncate prints the loss and changes nothing without --yes', async t => {
  const folder = await written(t)
  const offset = await frameOffset(folder, FIRST, 2)
  const before = await readFile(path.join(folder, FIRST))
  const { code, stdout, stderr } = await run(terminal =>
    truncateJournal(terminal, folder, { segment: FIRST, offset, yes: false })
  )
  assert.equal(code, EXIT.usage)
  assert.match(
    stdout,
    /^entries from 2 on: 4 that can be read, \d+ bytes in all\n {2}0{15}3\.journal as a whole\nnone of/
  )
  assert.match(stderr, /nothing was changed/)
  assert.deepEqual(await readFile(path.join(folder, FIRST)), before)
  assert.deepEqual(await entriesOf(folder, 0), ['e0', 'e1', 'e2', 'e3', 'e4', 'e5'])
})

const cuts: readonly [name: string, segment: string, frame: number | 'nothing', left: string[]][] = [
  ['in the first segment', FIRST, 2, ['e0', 'e1']],
  ['behind the last frame of the first', FIRST, 3, ['e0', 'e1', 'e2']],
  ['at the beginning of the second', SECOND, 0, ['e0', 'e1', 'e2']],
  ['in the second', SECOND, 1, ['e0', 'e1', 'e2', 'e3']],
  ['all of the second', SECOND, 'nothing', ['e0', 'e1', 'e2']]
]

for (const [name, segment, frame, left] of cuts) {
  test(`truncate ${name}: the entries before are left, and the journal continues`, async t => {
    const folder = await written(t)
    const offset = frame === 'nothing' ? 0 : await frameOffset(folder, segment, frame)
    if (frame !== 'nothing' && frame < 3) await damage(folder, segment, offset + 25)
    const { code, stdout } = await run(terminal => truncateJournal(terminal, folder, { segment, offset, yes: true }))
    assert.deepEqual([code, /cut off$/.test(stdout.trimEnd())], [EXIT.ok, true])
    assert.deepEqual(await entriesOf(folder, 0), left)
    const journal = await open(folder)
    journal.append(namedEntry('new'), 1)
    await journal.close()
    assert.deepEqual(await entriesOf(folder, 0), [...left, 'new'])
  })
}

test('truncate refuses a place within a frame, and a segment that is not there', async t => {
  const folder = await written(t)
  const offset = (await frameOffset(folder, FIRST, 1)) + 1
  const within = await run(terminal => truncateJournal(terminal, folder, { segment: FIRST, offset, yes: true }))
  assert.equal(within.code, EXIT.usage)
  assert.match(
    within.stderr,
    new RegExp(`is within a frame: cut at the start of a frame, at ${offset - 1}, or at \\d+`)
  )
  const nowhere = await run(terminal => truncateJournal(terminal, folder, { segment: 'x', offset: 0, yes: true }))
  assert.deepEqual([nowhere.code, /there is no segment x/.test(nowhere.stderr)], [EXIT.usage, true])
  assert.deepEqual(await entriesOf(folder, 0), ['e0', 'e1', 'e2', 'e3', 'e4', 'e5'])
})

test('replay --from: forward it skips, back it discards state; it says so, and changes nothing without --yes', async t => {
  const folder = await written(t)
  const forward = await run(terminal => replayJournal(terminal, folder, { from: 4, yes: false }))
  assert.equal(forward.code, EXIT.usage)
  assert.match(
    forward.stdout,
    /^entries 1 to 4, that one left out, are skipped: they are lost\nthe next start processes 2 entries, from 4 on/
  )
  assert.equal((await readCheckpoint(realDisk, folder))!.nextEntry, 1)
  assert.equal((await run(terminal => replayJournal(terminal, folder, { from: 4, yes: true }))).code, EXIT.ok)
  const skipped = (await readCheckpoint(realDisk, folder))!
  assert.deepEqual([skipped.nextEntry, skipped.snapshots.size], [4, 1])

  const back = await run(terminal => replayJournal(terminal, folder, { from: 2, yes: true }))
  assert.deepEqual([back.code, back.stderr], [EXIT.ok, ''])
  assert.match(back.stdout, /^processors start without state/)
  const again = (await readCheckpoint(realDisk, folder))!
  assert.deepEqual([again.nextEntry, again.time, again.snapshots.size], [2, TIME + 2000, 0])
})

test('replay --from an entry that is not there names those that are', async t => {
  const folder = await written(t)
  const { code, stderr } = await run(terminal => replayJournal(terminal, folder, { from: 7, yes: true }))
  assert.deepEqual([code, /has entries 0 to 6: --from must be one of these/.test(stderr)], [EXIT.usage, true])
})

test('regression: a folder that is not there was a bare ENOENT, and damage', async t => {
  const folder = await written(t)
  const missing = path.join(folder, 'missing')
  const file = path.join(folder, FIRST)
  for (const [wrong, want] of [
    [missing, `there is no folder ${missing}; see service.journal.folder for its path\n`],
    [file, `${file} is no folder; see service.journal.folder for its path\n`]
  ])
    for (const command of [
      (terminal: MemoryTerminal) => inspectJournal(terminal, wrong),
      (terminal: MemoryTerminal) => verifyJournal(terminal, wrong),
      (terminal: MemoryTerminal) => truncateJournal(terminal, wrong, { segment: FIRST, offset: 0, yes: true }),
      (terminal: MemoryTerminal) => replayJournal(terminal, wrong, { from: 0, yes: true })
    ])
      assert.deepEqual(await run(command), { code: EXIT.usage, stdout: '', stderr: want })
})
