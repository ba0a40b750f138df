import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { LanePosition } from '../../../../core/journal/checkpoint.ts'
import type { DiskFile } from '../../../../core/journal/disk.ts'
import { SeriesRegistry } from '../../../../core/model/series.ts'
import type { Outcome } from '../../../../core/pipeline/batch.ts'
import { Backlog } from '../../../../core/pipeline/lane/backlog.ts'
import type { LaneConfig } from '../../../../core/pipeline/lane/config.ts'
import { Lane } from '../../../../core/pipeline/lane/lane.ts'
import type { Block } from '../../../../sdk/plugin/index.ts'
import { type TestContext, testBatch, testContext } from '../../../../sdk/plugin/testing.ts'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import { pointsOf, valuesOf } from './blocks.ts'

const POINT = 33
const CONFIG: LaneConfig = {
  timeout: 1000,
  retry: { initial_interval: 100, max_interval: 1000, max_elapsed_time: 0 },
  queue: { max_size: 12 * POINT, max_batch: 4, disk_size: 1 << 20, order: 'oldest_first' }
}
const FOLDER = '/lanes/test'
const FIRST_SEGMENT = `${FOLDER}/0000000000000000.journal`
/** The segment's header, and the frame. */
const SYNCS_OF_FIRST_COMMIT = 2
const NEVER = new AbortController().signal

let disk: SimulatedDisk
let context: TestContext
let exported: number[]
let answer: (block: Block) => Promise<void>

interface Options {
  readonly position?: LanePosition
  readonly queue?: Partial<LaneConfig['queue']>
  readonly maxBytes?: number
}

async function open({ position = { next: 0, end: 0 }, queue, maxBytes = 1 << 20 }: Options = {}): Promise<Lane> {
  const exporter = {
    async export(block: Block) {
      await answer(block)
      exported.push(...valuesOf(block))
    }
  }
  const host = { ...context, deadLetters: undefined }
  const lane = new Lane(exporter, { ...CONFIG, queue: { ...CONFIG.queue, ...queue } }, host)
  const { clock } = context
  lane.useBacklog(
    await driven(Backlog.open({ disk, folder: FOLDER, clock, series: new SeriesRegistry(), maxBytes, position }))
  )
  lane.start()
  return lane
}

function push(to: Lane, ...values: number[]): Promise<Outcome> {
  const { batch, settled } = testBatch(pointsOf(...values))
  to.push(batch)
  return settled
}

/** Lets promises run while time moves on. */
async function pass(ms: number): Promise<void> {
  for (let i = 0; i < 40; i++) {
    context.clock.advance(ms / 40)
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  }
}

async function driven<T>(work: Promise<T>): Promise<T> {
  let isDone = false
  void work.finally(() => (isDone = true)).catch(() => {})
  for (let tries = 0; !isDone; tries++) {
    assert.ok(tries < 500, 'it does not end')
    await pass(20)
  }
  return work
}

const down = () => Promise.reject(new Error('connection refused'))
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** Syncs wait until they are allowed. */
class SlowDisk extends SimulatedDisk {
  syncsAllowed = Number.POSITIVE_INFINITY

  override async create(file: string): Promise<DiskFile> {
    const handle = await super.create(file)
    return {
      ...handle,
      sync: async () => {
        while (this.syncsAllowed === 0) await new Promise(setImmediate)
        this.syncsAllowed--
        await handle.sync()
      }
    }
  }
}

describe('a lane in trouble with its disk', () => {
  beforeEach(() => {
    disk = new SimulatedDisk()
    context = testContext()
    exported = []
    answer = async () => {}
  })

  it('regression: full, with a full disk, it slept on when the backend was back', async () => {
    answer = down
    const lane = await open()
    disk.capacity = 0
    let pushed = 0
    while (lane.hasRoom()) push(lane, pushed++)
    await pass(5000)
    answer = async () => {}
    await pass(5000)
    assert.deepEqual(exported, range(0, pushed))
    assert.deepEqual([context.account.inFlight, context.account.imbalance], [0, 0])
  })

  it('regression: a checkpoint waited for the backend where the disk had failed once', async () => {
    answer = down
    const lane = await open()
    push(lane, 1)
    await pass(50)
    disk.capacity = 0
    const barrier = lane.barrier()
    await pass(3000)
    disk.capacity = Number.POSITIVE_INFINITY
    let hasLeft: boolean | undefined
    void barrier.then(left => (hasLeft = left))
    await pass(10_000)
    assert.equal(hasLeft, true)
    assert.deepEqual(lane.position, { next: 0, end: 1 })
  })

  it('regression: with order any, what was exported out of turn stood in for what was not on disk yet', async () => {
    const slow = new SlowDisk()
    disk = slow
    answer = () => new Promise(() => {})
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
    answer = async () => {}
    push(lane, 3)
    await pass(2000)
    assert.deepEqual(exported, [3])
    slow.syncsAllowed = SYNCS_OF_FIRST_COMMIT
    await pass(100)
    assert.deepEqual([lane.position?.end, hasLeft], [1, false])
    slow.syncsAllowed = 1
    await pass(3000)
    assert.deepEqual([lane.position?.end, hasLeft], [2, true])
    assert.deepEqual(exported.toSorted(), [1, 2, 3])
  })

  it('regression: a read that failed half-way lost what had been read before it', async () => {
    const position = { next: 0, end: 0 }
    const { clock, series } = context
    const backlog = await driven(Backlog.open({ disk, folder: FOLDER, clock, series, maxBytes: 1 << 20, position }))
    for (const value of range(0, 4)) {
      backlog.append('test', 0, pointsOf(value))
      await pass(100)
    }
    let values: number[] = []
    // Of the reads of a frame, two each, one after the other fails.
    for (let failing = 0; failing < 20; failing++) {
      disk.faults.push(...new Array<undefined>(failing).fill(undefined), { code: 'EIO', when: 'before' })
      const read = await driven(backlog.read(100).catch(() => []))
      values = [...values, ...read.flatMap(({ block }) => valuesOf(block))]
      disk.faults.length = 0
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
    assert.deepEqual([context.account.inFlight, context.account.imbalance], [0, 0])
    assert.equal(lane.position!.end, 0)
  })

  it('regression: a batch too large for the disk, once sent, kept the disk full for good', async () => {
    answer = down
    const lane = await open({ maxBytes: 400 })
    push(lane, ...range(0, 100))
    await driven(lane.barrier())
    assert.ok(lane.backlogBytes > 400)
    answer = async () => {}
    await pass(3000)
    assert.equal(lane.isIdle, true)
    answer = down
    push(lane, 100)
    await driven(lane.barrier())
    assert.deepEqual(lane.position, { next: 1, end: 2 })
    await driven(lane.removeBefore(1))
    assert.ok(lane.backlogBytes < 400)
  })

  it('regression: damage at the end of what the checkpoint knows was taken for torn, and cut off', async () => {
    answer = down
    const before = await open()
    for (const value of range(0, 4)) {
      push(before, value)
      await driven(before.barrier())
    }
    const position = before.position!
    await driven(before.close(AbortSignal.abort()))
    const whole = disk.contents(FIRST_SEGMENT)
    const flipped = Buffer.from(whole)
    flipped[flipped.length - 3] ^= 1
    for (const bytes of [flipped, whole.subarray(0, -10)]) {
      disk.put(FIRST_SEGMENT, bytes)
      await assert.rejects(open({ position }), /journal segment .* is damaged at byte \d+: entries 3 to 3 are missing/)
      assert.deepEqual(disk.contents(FIRST_SEGMENT), Buffer.from(bytes), 'as it was')
    }
    await disk.remove(FIRST_SEGMENT)
    await assert.rejects(open({ position }), /entries 0 to 3 are missing/)
    disk.put(FIRST_SEGMENT, whole)
    answer = async () => {}
    await open({ position })
    await pass(3000)
    assert.deepEqual(exported, range(0, 4))
  })
})
