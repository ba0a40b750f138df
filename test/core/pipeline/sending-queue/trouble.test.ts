import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Outcome } from '../../../../core/batch/batch.ts'
import { Backlog } from '../../../../core/pipeline/sending-queue/disk-buffer.ts'
import { pointsOf, valuesOf } from './blocks.ts'
import { down, driven, FOLDER, open, pass, push, range, reset, world } from './disk-queue.ts'
import { SlowDisk } from './slow-disk.ts'

const FIRST_SEGMENT = `${FOLDER}/0000000000000000.journal`
/** The segment's header, and the frame. */
const SYNCS_OF_FIRST_COMMIT = 2
const NEVER = new AbortController().signal

describe('a lane in trouble with its disk', () => {
  beforeEach(() => {
    reset()
  })

  it('regression: full, with a full disk, it slept on when the backend was back', async () => {
    world.answer = down
    const lane = await open()
    world.disk.capacity = 0
    let pushed = 0
    while (lane.hasRoom()) push(lane, pushed++)
    await pass(5000)
    world.answer = async () => {}
    await pass(5000)
    assert.deepEqual(world.exported, range(0, pushed))
    assert.deepEqual([world.context.account.inFlight, world.context.account.imbalance], [0, 0])
  })

  it('regression: a checkpoint waited for the backend where the disk had failed once', async () => {
    world.answer = down
    const lane = await open()
    push(lane, 1)
    await pass(50)
    world.disk.capacity = 0
    const barrier = lane.barrier()
    await pass(3000)
    world.disk.capacity = Number.POSITIVE_INFINITY
    let hasLeft: boolean | undefined
    void barrier.then(left => (hasLeft = left))
    await pass(10_000)
    assert.equal(hasLeft, true)
    assert.deepEqual(lane.position, { next: 0, end: 1 })
  })

  it('regression: with order any, what was exported out of turn stood in for what was not on disk yet', async () => {
    const slow = new SlowDisk()
    world.disk = slow
    world.answer = () => new Promise(() => {})
    const lane = await open({ queue: { order: 'any', max_batch: 1 } })
    slow.syncsAllowed = 0
    push(lane, 1)
    await pass(20)
    void lane.barrier()
    await pass(1100)
    push(lane, 2)
    let hasLeft = false
    void lane.barrier().then(left => (hasLeft = left))
    await pass(1200)
    world.answer = async () => {}
    push(lane, 3)
    await pass(2000)
    assert.deepEqual(world.exported, [3])
    slow.syncsAllowed = SYNCS_OF_FIRST_COMMIT
    await pass(100)
    assert.deepEqual([lane.position?.end, hasLeft], [1, false])
    slow.syncsAllowed = 1
    await pass(3000)
    assert.deepEqual([lane.position?.end, hasLeft], [2, true])
    assert.deepEqual(world.exported.toSorted(), [1, 2, 3])
  })

  it('regression: exported once it was on disk, a batch was read from there and exported again', async () => {
    let letGo = () => {}
    world.answer = () => new Promise(resolve => (letGo = resolve))
    const lane = await open()
    push(lane, 0)
    await pass(20)
    // More than half of the queue: what is in hand and this go to disk.
    push(lane, ...range(1, 9))
    await pass(100)
    assert.deepEqual(lane.position, { next: 0, end: 2 })
    world.answer = async () => {}
    letGo()
    await pass(1000)
    assert.deepEqual(world.exported, range(0, 9))
    assert.deepEqual([world.context.account.sent, world.context.account.inFlight], [9, 0])
  })

  it('regression: behind a disk on which all was exported already, what was in memory waited', async () => {
    let letGo = () => {}
    world.answer = () => new Promise(resolve => (letGo = resolve))
    const lane = await open({ timeout: 10_000 })
    push(lane, 0)
    await pass(20)
    await driven(lane.barrier())
    push(lane, 1)
    world.answer = async () => {}
    letGo()
    await pass(1000)
    assert.deepEqual(world.exported, [0, 1])
  })

  it('regression: a read that failed half-way lost what had been read before it', async () => {
    const position = { next: 0, end: 0 }
    const { clock, series } = world.context
    const backlog = await driven(
      Backlog.open({ disk: world.disk, folder: FOLDER, clock, series, maxBytes: 1 << 20, position })
    )
    for (const value of range(0, 4)) {
      backlog.append('test', 0, pointsOf(value))
      await pass(100)
    }
    let values: number[] = []
    // Of the reads of a frame, two each, one after the other fails.
    for (let failing = 0; failing < 20; failing++) {
      world.disk.faults.push(...new Array<undefined>(failing).fill(undefined), { code: 'EIO', when: 'before' })
      const read = await driven(backlog.read(100).catch(() => []))
      values = [...values, ...read.flatMap(({ block }) => valuesOf(block))]
      world.disk.faults.length = 0
    }
    assert.deepEqual(values, range(0, 4))
  })

  it('regression: pushed to when it was closed, it kept the batch without end', async () => {
    const lane = await open()
    await driven(lane.close(NEVER))
    let outcome: Outcome | undefined
    void push(lane, 1).then(settled => (outcome = settled))
    await pass(100)
    assert.equal(outcome?.status, 'nacked')
    assert.deepEqual([world.context.account.inFlight, world.context.account.imbalance], [0, 0])
    assert.equal(lane.position!.end, 0)
  })

  it('regression: a batch too large for the disk, once sent, kept the disk full for good', async () => {
    world.answer = down
    const lane = await open({ maxBytes: 400 })
    push(lane, ...range(0, 100))
    await driven(lane.barrier())
    assert.ok(lane.backlogBytes > 400)
    world.answer = async () => {}
    await pass(3000)
    assert.equal(lane.isIdle, true)
    world.answer = down
    push(lane, 100)
    await driven(lane.barrier())
    assert.deepEqual(lane.position, { next: 1, end: 2 })
    await driven(lane.removeBefore(1))
    assert.ok(lane.backlogBytes < 400)
  })

  it('regression: closed with its disk queue full, it handed back what the journal then had to do over', async () => {
    world.answer = down
    const lane = await open({ maxBytes: 400 })
    push(lane, ...range(0, 100))
    await driven(lane.barrier())
    const settled = push(lane, 100)
    await driven(lane.close(NEVER))
    assert.equal((await settled).status, 'acked')
    assert.deepEqual(lane.position, { next: 0, end: 2 })
  })

  it('regression: damage at the end of what the checkpoint knows was taken for torn, and cut off', async () => {
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
