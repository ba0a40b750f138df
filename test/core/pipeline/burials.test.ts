import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import { DeadLetters } from '../../../core/journal/dead-letters.ts'
import type { DataEntry } from '../../../core/journal/entry.ts'
import { SeriesRegistry } from '../../../core/model/series.ts'
import { Burials } from '../../../core/pipeline/burials.ts'
import { FakeClock } from '../../../sdk/plugin/testing.ts'
import { SimulatedDisk } from '../journal/simulated-disk.ts'
import { turns } from './journaled-run.ts'
import { numbered } from './lane/blocks.ts'

const FOLDER = '/dead'
const FAILED = new Error('cannot')

function entryOf(time: number, length = 3): DataEntry {
  return { kind: 'data', time, source: 'otlp', request: 'r', block: numbered(length) }
}

async function setUp(maxBytes?: number, disk = new SimulatedDisk()) {
  const deadLetters = await DeadLetters.open(disk, FOLDER, maxBytes)
  const clock = new FakeClock()
  const burials = new Burials({ deadLetters, clock, log: pino({ level: 'silent' }) })
  return { disk, deadLetters, clock, burials }
}

test('what fails again after a crash is the same letter; another entry of the same number is another', async () => {
  const { disk, burials } = await setUp()
  burials.add(7, entryOf(17), FAILED)
  await burials.done()
  const next = await setUp(undefined, disk)
  next.burials.add(7, entryOf(17), FAILED)
  next.burials.add(7, entryOf(18, 5), FAILED)
  await next.burials.done()
  assert.deepEqual(next.deadLetters.numbers, [0, 1])
  const { block, key, request } = await next.deadLetters.read(1, new SeriesRegistry())
  assert.deepEqual([block.length, key, request], [5, 'entry7_18', 'r'])
})

test('regression: what fails again after its letter has been delivered became a letter anew', async () => {
  const { burials, deadLetters } = await setUp()
  burials.delivered('entry7_17')
  // Its outcome may come late: a lane that has a copy of it settles first.
  burials.add(7, entryOf(17), FAILED)
  await burials.done()
  assert.deepEqual(deadLetters.numbers, [])
})

test('a letter that is delivered while it is written is removed', async () => {
  const { burials, deadLetters, disk } = await setUp()
  burials.add(7, entryOf(17), FAILED)
  burials.delivered('entry7_17')
  await burials.done()
  assert.deepEqual([deadLetters.numbers, disk.files], [[], []])
})

test('done waits until the disk has done it', async () => {
  for (const work of ['add', 'delivered'] as const) {
    const { burials, deadLetters, clock, disk } = await setUp()
    if (work === 'delivered') {
      burials.add(7, entryOf(17), FAILED)
      await burials.done()
    }
    disk.broken = { code: 'EIO', when: 'before' }
    if (work === 'add') burials.add(7, entryOf(17), FAILED)
    else burials.delivered('entry7_17')
    let isDone = false
    void burials.done().then(() => (isDone = true))
    clock.advance(5000)
    await turns(10)
    assert.equal(isDone, false, work)
    disk.broken = undefined
    for (let i = 0; !isDone && i < 20; i++) {
      clock.advance(1000)
      await turns(5)
    }
    assert.deepEqual([deadLetters.numbers.length, burials.areUnfinished], [work === 'add' ? 1 : 0, false])
  }
})

test('given up, what cannot be done leaves it to the journal', async () => {
  const { burials, disk } = await setUp()
  disk.broken = { code: 'EIO', when: 'before' }
  burials.giveUp()
  burials.add(7, entryOf(17), FAILED)
  await burials.done()
  assert.equal(burials.areUnfinished, true)
})

test('regression: full dead letters had all that failed wait in memory, without bound', async () => {
  const { burials, deadLetters, clock } = await setUp(4000)
  const huge = { ...entryOf(17), block: { ...numbered(1), length: 3_000_000 } }
  burials.add(7, entryOf(17), FAILED)
  assert.equal(burials.isBehind, false)
  await burials.done()
  burials.add(8, huge, FAILED)
  await turns(5)
  assert.equal(burials.isBehind, true)
  burials.delivered('entry8_17')
  clock.advance(1000)
  await burials.done()
  assert.deepEqual([burials.isBehind, deadLetters.numbers], [false, [0]])
})

test('regression: where letters cannot be written each that waited tried every second', async () => {
  const { burials, clock, disk, deadLetters } = await setUp()
  let tries = 0
  const { create } = disk
  disk.create = async () => {
    tries++
    throw new Error('EIO')
  }
  for (let i = 0; i < 5; i++) burials.add(i, entryOf(17), FAILED)
  for (let i = 0; i < 3; i++) {
    clock.advance(1000)
    await turns(5)
  }
  assert.ok(tries <= 4, `${tries} tries`)
  disk.create = create
  clock.advance(1000)
  await burials.done()
  assert.equal(deadLetters.numbers.length, 5)
})
