import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Batch } from '../../../../core/batch/batch.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { DeadLetterStore } from '../../../../core/pipeline/dead-letters/store.ts'
import { ExportError } from '../../../../sdk/plugin/index.ts'
import { testContext } from '../../../../sdk/plugin/testing.ts'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import { valuesOf } from './blocks.ts'
import {
  type AwaitedQueue,
  down,
  driven,
  open,
  POINT,
  pass,
  push,
  range,
  reset,
  type SendingQueueOptions,
  world
} from './disk-queue.ts'
import { SlowDisk } from './slow-disk.ts'

const NEVER = new AbortController().signal
const QUEUE = { max_size: 200 * POINT, max_batch: 100 }

let deadLetters: DeadLetterStore
let deadLetterDisk: SimulatedDisk

async function start(options: SendingQueueOptions = {}): Promise<AwaitedQueue> {
  world.context = testContext()
  deadLetters = await driven(DeadLetterStore.open(deadLetterDisk, '/dead'))
  return open({ timeout: 60_000, queue: QUEUE, deadLetters: deadLetters, ...options })
}

/** The backend refuses what has `poison` in it, and does not answer where the first is `silentFrom` or more. */
function refuse(poison: readonly number[], silentFrom = Number.POSITIVE_INFINITY): void {
  world.answer = block => {
    const values = valuesOf(block)
    if (values.some(value => poison.includes(value)))
      return Promise.reject(new ExportError('poison', { retryable: false, reason: 'poison' }))
    return values[0] >= silentFrom ? new Promise(() => {}) : Promise.resolve()
  }
}

/** The deadline comes, and whoever has no disk nacks. */
async function cutOff(sendingQueue: AwaitedQueue): Promise<readonly Batch[]> {
  await pass(500)
  return driven(sendingQueue.release(AbortSignal.abort()))
}

async function dead(): Promise<number[][]> {
  const read = deadLetters.numbers.map(number => deadLetters.read(number, new SeriesTable()))
  return (await Promise.all(read)).map(({ block }) => valuesOf(block))
}

const ledger = () => {
  const { sent, droppedTotal, refused, inFlight, imbalance } = world.context.account
  return { sent, dropped: droppedTotal, refused, inFlight, imbalance }
}

/** A sending queue in memory with the points 0 to 7 in four batches, and their outcomes. */
async function withFourBatches() {
  const sendingQueue = await start({ isInMemory: true })
  const outcomes = [
    push(sendingQueue, 0, 1),
    push(sendingQueue, 2, 3),
    push(sendingQueue, 4, 5, 6),
    push(sendingQueue, 7)
  ]
  return { sendingQueue, outcomes }
}

describe('a sending queue that is closed during its search for refused items', () => {
  beforeEach(() => {
    reset()
    deadLetterDisk = new SimulatedDisk()
  })

  it('keeps the rest of a batch on disk, and that alone is sent later', async () => {
    refuse([1], 4)
    const sendingQueue = await start()
    const settled = push(sendingQueue, ...range(0, 8))
    assert.deepEqual(await cutOff(sendingQueue), [])
    assert.deepEqual(world.exported, [0, 2, 3])
    assert.equal((await settled).status, 'acked', 'the disk has the rest')
    assert.deepEqual(ledger(), { sent: 3, dropped: 0, refused: 0, inFlight: 5, imbalance: 0 })
    const { position } = sendingQueue
    assert.deepEqual(position, { next: 0, end: 1 })

    refuse([1])
    const next = await start({ position })
    await pass(500)
    assert.deepEqual(world.exported, [0, 2, 3, 4, 5, 6, 7])
    assert.deepEqual(await dead(), [[1]])
    assert.deepEqual(ledger(), { sent: 4, dropped: 1, refused: 0, inFlight: 0, imbalance: 0 })
    assert.ok(next.isIdle)
  })

  it('of several joined, settles those before the cut and forwards the rest of the others', async () => {
    refuse([1, 5], 6)
    const { sendingQueue, outcomes } = await withFourBatches()
    const left = await cutOff(sendingQueue)
    assert.deepEqual(world.exported, [0, 2, 3, 4])
    assert.deepEqual(await dead(), [[1]])
    assert.deepEqual(
      left.map(({ block }) => valuesOf(block)),
      [[5, 6], [7]]
    )
    assert.deepEqual(ledger(), { sent: 4, dropped: 1, refused: 3, inFlight: 0, imbalance: 0 })

    refuse([5])
    const next = await start({ isInMemory: true })
    for (const batch of left) next.push(batch)
    await pass(500)
    assert.deepEqual(world.exported, [0, 2, 3, 4, 6, 7])
    assert.deepEqual(await dead(), [[1], [5]])
    const refused = { status: 'dropped', items: 1, reason: 'poison' }
    assert.deepEqual(await Promise.all(outcomes), [refused, { status: 'acked' }, refused, { status: 'acked' }])
  })

  it('nacks only undecided batches, and leaves their dead letters to the second try', async () => {
    refuse([1, 5], 6)
    const { sendingQueue, outcomes } = await withFourBatches()
    await pass(500)
    await driven(sendingQueue.close(AbortSignal.abort()))
    const statuses = (await Promise.all(outcomes)).map(({ status }) => status)
    assert.deepEqual(statuses, ['dropped', 'acked', 'nacked', 'nacked'])
    assert.deepEqual(await dead(), [[1]])
  })

  it('has with its position the rest of an entry on disk, in its place, and again when it is cut off there', async () => {
    world.answer = down
    const first = await start()
    push(first, ...range(0, 16))
    push(first, 16)
    await cutOff(first)

    refuse([1], 8)
    const second = await start({ position: first.position })
    await cutOff(second)
    assert.deepEqual(world.exported, [0, 2, 3, 4, 5, 6, 7])
    const ofFirst = [
      { from: 1, to: 2 },
      { from: 8, to: 16 }
    ]
    assert.deepEqual(second.position, { next: 0, end: 2, left: new Map([[0, ofFirst]]) })

    refuse([1, 9], 12)
    const third = await start({ position: second.position })
    await cutOff(third)
    const ofSecond = [
      { from: 1, to: 2 },
      { from: 9, to: 10 },
      { from: 12, to: 16 }
    ]
    assert.deepEqual(third.position, { next: 0, end: 2, left: new Map([[0, ofSecond]]) })

    refuse([1, 9])
    const last = await start({ position: third.position })
    await pass(500)
    assert.deepEqual(world.exported, [0, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16])
    assert.deepEqual(await dead(), [[1, 9]])
    assert.deepEqual(last.position, { next: 2, end: 2 })
    assert.deepEqual(ledger(), { sent: 5, dropped: 2, refused: 0, inFlight: 0, imbalance: 0 })
  })

  it('knows the rest of a batch that was on its way to disk meanwhile', async () => {
    const slow = new SlowDisk()
    world.disk = slow
    refuse([1], 4)
    const sendingQueue = await start()
    push(sendingQueue, ...range(0, 8))
    await pass(500)
    slow.syncsAllowed = 0
    void sendingQueue.barrier()
    await pass(1500)
    const closed = sendingQueue.close(AbortSignal.abort())
    await pass(100)
    slow.syncsAllowed = 100
    await driven(closed)

    refuse([1])
    await start({ position: sendingQueue.position! })
    await pass(500)
    assert.deepEqual(world.exported, [0, 2, 3, 4, 5, 6, 7])
    assert.deepEqual(await dead(), [[1]])
  })

  it('with a disk, does not retry until the deadline a batch that the backend does not take just now', async () => {
    refuse([1])
    const { answer } = world
    world.answer = (block, signal) => (valuesOf(block)[0] === 4 ? down() : answer(block, signal))
    const sendingQueue = await start()
    push(sendingQueue, ...range(0, 8))
    await pass(500)
    await driven(sendingQueue.close(NEVER))
    assert.deepEqual(ledger(), { sent: 3, dropped: 0, refused: 0, inFlight: 5, imbalance: 0 })
  })

  it('keeps refused items that could not become a dead letter, with the rest', async () => {
    refuse([1])
    const sendingQueue = await start()
    deadLetterDisk.capacity = 0
    push(sendingQueue, ...range(0, 4))
    await pass(500)
    await driven(sendingQueue.close(NEVER))
    deadLetterDisk.capacity = Number.POSITIVE_INFINITY
    assert.deepEqual(ledger(), { sent: 3, dropped: 0, refused: 0, inFlight: 1, imbalance: 0 })
    await start({ position: sendingQueue.position! })
    await pass(500)
    assert.deepEqual([world.exported, await dead()], [[0, 2, 3], [[1]]])
  })
})

describe('a sending queue that finds refused items', () => {
  beforeEach(() => {
    reset()
    deadLetterDisk = new SimulatedDisk()
  })

  it('regression: gives up after max_elapsed_time here too', async () => {
    refuse([1])
    const { answer } = world
    world.answer = (block, signal) => (valuesOf(block)[0] === 4 ? down() : answer(block, signal))
    const sendingQueue = await start({ retry: { max_elapsed_time: 5000 } })
    const settled = push(sendingQueue, ...range(0, 8))
    await pass(20_000)
    assert.deepEqual(world.exported, [0, 2, 3])
    assert.deepEqual(await dead(), [[1]])
    assert.deepEqual(Object.fromEntries(world.context.account.dropped), { poison: 1, retries_exhausted: 4 })
    assert.equal((await settled).status, 'dropped')
    assert.deepEqual(ledger(), { sent: 3, dropped: 5, refused: 0, inFlight: 0, imbalance: 0 })
    assert.equal(sendingQueue.queuedBytes, 0)
  })

  it('regression: books each refused item under its own reason', async () => {
    world.answer = async block => {
      const values = valuesOf(block)
      if (values.length > 2) throw new ExportError('too large', { retryable: false, reason: 'too_large' })
      if (values.includes(3)) throw new ExportError('bad', { retryable: false, reason: 'malformed' })
    }
    const settled = push(await start(), ...range(0, 4))
    await pass(500)
    assert.deepEqual(await settled, { status: 'dropped', items: 1, reason: 'malformed' })
    assert.deepEqual(Object.fromEntries(world.context.account.dropped), { malformed: 1 })
  })

  it('tells batches apart where reasons alternate', async () => {
    world.answer = async block => {
      const [bad] = valuesOf(block).filter(value => value < 4)
      if (bad !== undefined) throw new ExportError('no', { retryable: false, reason: bad % 2 ? 'odd' : 'even' })
    }
    const sendingQueue = await start()
    const outcomes = await Promise.all([
      push(sendingQueue, 0, 7),
      push(sendingQueue, 1, 2),
      push(sendingQueue, 8),
      push(sendingQueue, 3)
    ])
    assert.deepEqual(outcomes, [
      { status: 'dropped', items: 1, reason: 'even' },
      { status: 'dropped', items: 2, reason: 'odd' },
      { status: 'acked' },
      { status: 'dropped', items: 1, reason: 'odd' }
    ])
    assert.deepEqual(Object.fromEntries(world.context.account.dropped), { even: 2, odd: 2 })
    assert.deepEqual(await dead(), [
      [0, 2],
      [1, 3]
    ])
  })

  it('given up on in part, keeps the others, on whatever disk they come to be', async () => {
    const slow = new SlowDisk()
    world.disk = slow
    world.answer = down
    const sendingQueue = await start({ retry: { max_elapsed_time: 15_000 } })
    push(sendingQueue, 8)
    push(sendingQueue, 0)
    while (!sendingQueue.isCircuitOpen) await pass(100)
    await pass(8000)
    push(sendingQueue, ...range(1, 8))
    refuse([1])
    const { answer } = world
    world.answer = (block, signal) => (valuesOf(block)[0] === 4 ? down() : answer(block, signal))
    await pass(1500)
    assert.deepEqual(world.exported, [8, 0, 2, 3], 'the first batch alone, then the others joined')
    slow.syncsAllowed = 0
    const barrier = sendingQueue.barrier()
    // Both are on their way to disk when the time of 0 is over.
    await pass(7000)
    assert.deepEqual(ledger(), { sent: 4, dropped: 1, refused: 0, inFlight: 4, imbalance: 0 })
    slow.broken = { code: 'EIO', when: 'before' }
    slow.syncsAllowed = 100
    await pass(100)
    slow.broken = undefined
    assert.equal(await driven(barrier), true)
    refuse([1])
    await pass(3000)
    assert.deepEqual(
      [...world.exported].sort(),
      range(0, 9).filter(value => value !== 1)
    )
    assert.deepEqual(await dead(), [[1]])
  })
})
