import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Outcome } from '../../../../core/batch/batch.ts'
import { DiskBuffer } from '../../../../core/pipeline/sending-queue/disk-buffer.ts'
import { pointsOf, valuesOf } from './blocks.ts'
import { down, driven, FOLDER, open, pass, push, range, reset, world } from './disk-queue.ts'
import { SlowDisk } from './slow-disk.ts'

const FIRST_SEGMENT = `${FOLDER}/0000000000000000.journal`
/** The segment's header, and the frame. */
const SYNCS_OF_FIRST_COMMIT = 2
const NEVER = new AbortController().signal

describe('a sending queue in trouble with its disk', () => {
  beforeEach(() => {
    reset()
  })

  it('regression: full, with a full disk, it slept on when the backend was back', async () => {
    world.answer = down
    const sendingQueue = await open()
    world.disk.capacity = 0
    let pushed = 0
    while (sendingQueue.hasRoom()) push(sendingQueue, pushed++)
    await pass(5000)
    world.answer = async () => {}
    await pass(5000)
    assert.deepEqual(world.exported, range(0, pushed))
    assert.deepEqual([world.context.account.inFlight, world.context.account.imbalance], [0, 0])
  })

  it('regression: a checkpoint waited for the backend where the disk had failed once', async () => {
    world.answer = down
    const sendingQueue = await open()
    push(sendingQueue, 1)
    await pass(50)
    world.disk.capacity = 0
    const barrier = sendingQueue.barrier()
    await pass(3000)
    world.disk.capacity = Number.POSITIVE_INFINITY
    let hasLeft: boolean | undefined
    void barrier.then(left => (hasLeft = left))
    await pass(10_000)
    assert.equal(hasLeft, true)
    assert.deepEqual(sendingQueue.position, { next: 0, end: 1 })
  })

  it('regression: with order any, batches exported out of turn stood in for those not on disk yet', async () => {
    const slow = new SlowDisk()
    world.disk = slow
    world.answer = () => new Promise(() => {})
    const sendingQueue = await open({ queue: { order: 'any', max_batch: 1 } })
    slow.syncsAllowed = 0
    push(sendingQueue, 1)
    await pass(20)
    void sendingQueue.barrier()
    await pass(1100)
    push(sendingQueue, 2)
    let hasLeft = false
    void sendingQueue.barrier().then(left => (hasLeft = left))
    await pass(1200)
    world.answer = async () => {}
    push(sendingQueue, 3)
    await pass(2000)
    assert.deepEqual(world.exported, [3])
    slow.syncsAllowed = SYNCS_OF_FIRST_COMMIT
    await pass(100)
    assert.deepEqual([sendingQueue.position?.end, hasLeft], [1, false])
    slow.syncsAllowed = 1
    await pass(3000)
    assert.deepEqual([sendingQueue.position?.end, hasLeft], [2, true])
    assert.deepEqual(world.exported.toSorted(), [1, 2, 3])
  })

  it('regression: exported once it was on disk, a batch was read from there and exported again', async () => {
    let release = () => {}
    world.answer = () => new Promise(resolve => (release = resolve))
    const sendingQueue = await open()
    push(sendingQueue, 0)
    await pass(20)
    // More than half of the queue: what is in hand and this go to disk.
    push(sendingQueue, ...range(1, 9))
    await pass(100)
    assert.deepEqual(sendingQueue.position, { next: 0, end: 2 })
    world.answer = async () => {}
    release()
    await pass(1000)
    assert.deepEqual(world.exported, range(0, 9))
    assert.deepEqual([world.context.account.sent, world.context.account.inFlight], [9, 0])
  })

  it('regression: behind a disk on which all was exported already, batches in memory waited', async () => {
    let release = () => {}
    world.answer = () => new Promise(resolve => (release = resolve))
    const sendingQueue = await open({ timeout: 10_000 })
    push(sendingQueue, 0)
    await pass(20)
    await driven(sendingQueue.barrier())
    push(sendingQueue, 1)
    world.answer = async () => {}
    release()
    await pass(1000)
    assert.deepEqual(world.exported, [0, 1])
  })

  it('regression: a read that failed half-way lost the batches read before it', async () => {
    const position = { next: 0, end: 0 }
    const { clock, series } = world.context
    const diskBuffer = await driven(
      DiskBuffer.open({ disk: world.disk, folder: FOLDER, clock, series, maxBytes: 1 << 20, position })
    )
    for (const value of range(0, 4)) {
      diskBuffer.append('test', 0, pointsOf(value))
      await pass(100)
    }
    let values: number[] = []
    // Of the reads of a frame, two each, one after the other fails.
    for (let failing = 0; failing < 20; failing++) {
      world.disk.faults.push(...new Array<undefined>(failing).fill(undefined), { code: 'EIO', when: 'before' })
      const read = await driven(diskBuffer.read(100).catch(() => []))
      values = [...values, ...read.flatMap(({ block }) => valuesOf(block))]
      world.disk.faults.length = 0
    }
    assert.deepEqual(values, range(0, 4))
  })

  it('regression: pushed to when it was closed, it kept the batch without end', async () => {
    const sendingQueue = await open()
    await driven(sendingQueue.close(NEVER))
    let outcome: Outcome | undefined
    void push(sendingQueue, 1).then(settled => (outcome = settled))
    await pass(100)
    assert.equal(outcome?.status, 'nacked')
    assert.deepEqual([world.context.account.inFlight, world.context.account.imbalance], [0, 0])
    assert.equal(sendingQueue.position!.end, 0)
  })

  it('regression: a batch too large for the disk, once sent, kept the disk full for good', async () => {
    world.answer = down
    const sendingQueue = await open({ maxBytes: 400 })
    push(sendingQueue, ...range(0, 100))
    await driven(sendingQueue.barrier())
    assert.ok(sendingQueue.diskBufferBytes > 400)
    world.answer = async () => {}
    await pass(3000)
    assert.equal(sendingQueue.isIdle, true)
    world.answer = down
    push(sendingQueue, 100)
    await driven(sendingQueue.barrier())
    assert.deepEqual(sendingQueue.position, { next: 1, end: 2 })
    await driven(sendingQueue.removeBefore(1))
    assert.ok(sendingQueue.diskBufferBytes < 400)
  })

  it('regression: closed with its disk queue full, it nacked batches that the journal then had to replay', async () => {
    world.answer = down
    const sendingQueue = await open({ maxBytes: 400 })
    push(sendingQueue, ...range(0, 100))
    await driven(sendingQueue.barrier())
    const settled = push(sendingQueue, 100)
    await driven(sendingQueue.close(NEVER))
    assert.equal((await settled).status, 'acked')
    assert.deepEqual(sendingQueue.position, { next: 0, end: 2 })
  })

  it('regression: damage at the end of the range in the checkpoint was taken for torn, and cut off', async () => {
    world.answer = down
    const before = await open()
    for (const value of range(0, 4)) {
      push(before, value)
      await driven(before.barrier())
    }
    const position = before.position!
    await driven(before.close(AbortSignal.abort()))
    const whole = world.disk.contents(FIRST_SEGMENT)
    const flipped = Buffer.from(whole)
    flipped[flipped.length - 3] ^= 1
    for (const bytes of [flipped, whole.subarray(0, -10)]) {
      world.disk.put(FIRST_SEGMENT, bytes)
      await assert.rejects(open({ position }), /journal segment .* is damaged at byte \d+: entries 3 to 3 are missing/)
      assert.deepEqual(world.disk.contents(FIRST_SEGMENT), Buffer.from(bytes), 'as it was')
    }
    await world.disk.remove(FIRST_SEGMENT)
    await assert.rejects(open({ position }), /entries 0 to 3 are missing/)
    world.disk.put(FIRST_SEGMENT, whole)
    world.answer = async () => {}
    await open({ position })
    await pass(3000)
    assert.deepEqual(world.exported, range(0, 4))
  })
})
