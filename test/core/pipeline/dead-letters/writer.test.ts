import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { SettlementTracker } from '../../../../core/pipeline/checkpoint/settlement-tracker.ts'
import { DeadLetterStore } from '../../../../core/pipeline/dead-letters/store.ts'
import { DeadLetterWriter, type FailedBatch } from '../../../../core/pipeline/dead-letters/writer.ts'
import { FakeClock } from '../../../../sdk/plugin/testing.ts'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import { turns } from '../journaled-run.ts'
import { numbered } from '../sending-queue/blocks.ts'

const FOLDER = '/dead'
const FAILED = new Error('cannot')

function failed(number: number, time = 17, length = 3): FailedBatch {
  return { source: 'otlp', request: 'r', entry: { number, time, block: numbered(length) } }
}

async function setUp(maxBytes?: number, disk = new SimulatedDisk()) {
  const deadLetters = await DeadLetterStore.open(disk, FOLDER, maxBytes)
  const clock = new FakeClock()
  const settlements = new SettlementTracker()
  const writer = new DeadLetterWriter({ deadLetters, settlements, clock, log: pino({ level: 'silent' }) })
  return { disk, deadLetters, clock, writer, settlements, done: () => settlements.barrier() }
}

test('an entry that fails again after a crash is the same dead letter; another entry of the same number is another', async () => {
  const { disk, writer, done } = await setUp()
  void writer.add(failed(7), FAILED)
  await done()
  const next = await setUp(undefined, disk)
  void next.writer.add(failed(7), FAILED)
  void next.writer.add(failed(7, 18, 5), FAILED)
  await next.done()
  assert.deepEqual(next.deadLetters.numbers, [0, 1])
  const { block, key, request } = await next.deadLetters.read(1, new SeriesTable())
  assert.deepEqual([block.length, key, request], [5, 'entry7_18', 'r'])
})

test('regression: an entry that fails again after its dead letter was delivered became a dead letter anew', async () => {
  const { writer, deadLetters, done } = await setUp()
  writer.delivered('entry7_17')
  // Its outcome may come late: a sending queue that has a copy of it settles first.
  void writer.add(failed(7), FAILED)
  await done()
  assert.deepEqual(deadLetters.numbers, [])
})

test('a dead letter that is delivered while it is written is removed', async () => {
  const { writer, deadLetters, disk, done } = await setUp()
  void writer.add(failed(7), FAILED)
  writer.delivered('entry7_17')
  await done()
  assert.deepEqual([deadLetters.numbers, disk.files], [[], []])
})

test('done waits until the disk has done it', async () => {
  for (const work of ['add', 'delivered'] as const) {
    const { writer, deadLetters, clock, disk, done, settlements } = await setUp()
    if (work === 'delivered') {
      void writer.add(failed(7), FAILED)
      await done()
    }
    disk.broken = { code: 'EIO', when: 'before' }
    if (work === 'add') void writer.add(failed(7), FAILED)
    else writer.delivered('entry7_17')
    let isDone = false
    void done().then(() => (isDone = true))
    clock.advance(5000)
    await turns(10)
    assert.equal(isDone, false, work)
    disk.broken = undefined
    for (let i = 0; !isDone && i < 20; i++) {
      clock.advance(1000)
      await turns(5)
    }
    assert.deepEqual([deadLetters.numbers.length, settlements.isBroken], [work === 'add' ? 1 : 0, false])
  }
})

test('given up, a write that cannot be done leaves its entry to the journal', async () => {
  const { writer, disk, done, settlements } = await setUp()
  disk.broken = { code: 'EIO', when: 'before' }
  writer.giveUp()
  void writer.add(failed(7), FAILED)
  await done()
  assert.equal(settlements.isBroken, true)
})

test('regression: full dead letters had all failed batches wait in memory, without bound', async () => {
  const { writer, deadLetters, clock, done } = await setUp(4000)
  const huge = { ...failed(8), entry: { number: 8, time: 17, block: { ...numbered(1), length: 3_000_000 } } }
  void writer.add(failed(7), FAILED)
  assert.equal(writer.isBehind, false)
  await done()
  void writer.add(huge, FAILED)
  await turns(5)
  assert.equal(writer.isBehind, true)
  writer.delivered('entry8_17')
  clock.advance(1000)
  await done()
  assert.deepEqual([writer.isBehind, deadLetters.numbers], [false, [0]])
})

test('regression: where dead letters cannot be written each that waited tried every second', async () => {
  const { writer, clock, disk, deadLetters, done } = await setUp()
  let tries = 0
  const { create } = disk
  disk.create = async () => {
    tries++
    throw new Error('EIO')
  }
  for (let i = 0; i < 5; i++) void writer.add(failed(i), FAILED)
  for (let i = 0; i < 3; i++) {
    clock.advance(1000)
    await turns(5)
  }
  assert.ok(tries <= 4, `${tries} tries`)
  disk.create = create
  clock.advance(1000)
  await done()
  assert.equal(deadLetters.numbers.length, 5)
})
