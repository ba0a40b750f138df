import assert from 'node:assert/strict'
import { Batch, type Outcome } from '../../../../core/batch/batch.ts'
import type { SendingQueueConfig } from '../../../../core/config/exporter-options.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import type { QueuePosition } from '../../../../core/pipeline/checkpoint/file.ts'
import type { DeadLetterStore } from '../../../../core/pipeline/dead-letters/store.ts'
import { DiskBuffer } from '../../../../core/pipeline/sending-queue/disk-buffer.ts'
import { SendingQueue } from '../../../../core/pipeline/sending-queue/sending-queue.ts'
import type { BlockTenants } from '../../../../core/pipeline/sending-queue/tenant-turns.ts'
import { Edges } from '../../../../core/telemetry/edge.ts'
import type { Block, Exporter } from '../../../../sdk/plugin/index.ts'
import { type TestContext, testBatch, testContext } from '../../../../sdk/plugin/testing.ts'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import { pointsOf, valuesOf } from './blocks.ts'

const MOST_TRIES = 500
/** How long a checkpoint waits for the backend before it has batches go to disk. */
const GRACE_MS = 1000

export const POINT = 33
export const FOLDER = '/lanes/test'
export const CONFIG: SendingQueueConfig = {
  timeout: 1000,
  retry: { initial_interval: 100, max_interval: 1000, max_elapsed_time: 0 },
  queue: { max_size: 12 * POINT, max_batch: 4, disk_size: 1 << 20, order: 'oldest_first' }
}

/** What a sending queue under test lives with, until {@link reset}. */
export const world: {
  disk: SimulatedDisk
  context: TestContext
  /** Values the backend has, in the order they came. */
  exported: number[]
  /** Of the backend, before it takes a block. */
  answer(block: Block, signal: AbortSignal): Promise<void>
} = fresh()

export function reset(): void {
  Object.assign(world, fresh())
}

export interface SendingQueueOptions {
  readonly position?: QueuePosition | undefined
  readonly isInMemory?: boolean
  readonly timeout?: number
  readonly retry?: Partial<SendingQueueConfig['retry']>
  readonly queue?: Partial<SendingQueueConfig['queue']>
  readonly maxBytes?: number | undefined
  readonly probe?: Exporter['probe']
  readonly deadLetters?: DeadLetterStore
  readonly tenants?: BlockTenants
}

/** A sending queue that a checkpoint may wait for. */
export class AwaitedQueue extends SendingQueue {
  #unsettled = new Set<Promise<Outcome>>()

  override push(batch: Batch): void {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    this.#unsettled.add(promise)
    const settle = (outcome: Outcome) => {
      this.#unsettled.delete(promise)
      resolve(outcome)
      batch.settle(outcome)
    }
    super.push(Batch.derive([batch], batch.block, settle))
  }

  /**
   * Waits as a checkpoint does, until all that was pushed is settled. Resolves to false if some of it was nacked.
   */
  async barrier(): Promise<boolean> {
    const cancel = this.#hurry()
    const outcomes = await Promise.all(this.#unsettled)
    cancel()
    return outcomes.every(({ status }) => status !== 'nacked')
  }

  #hurry(): () => void {
    let cancel = () => {}
    const wait = () => {
      cancel = world.context.clock.setTimer(GRACE_MS, () => {
        this.overflowToDisk()
        wait()
      })
    }
    wait()
    return () => cancel()
  }
}

/** A sending queue, with a disk buffer on the disk unless told otherwise, started. */
export async function open(options: SendingQueueOptions = {}): Promise<AwaitedQueue> {
  const { position = { next: 0, end: 0 }, maxBytes = 1 << 20, probe, deadLetters } = options
  const { timeout = CONFIG.timeout } = options
  const retry = { ...CONFIG.retry, ...options.retry }
  const queue = { ...CONFIG.queue, ...options.queue }
  const { disk, context } = world
  const exporter: Exporter = {
    async export(block, signal) {
      await world.answer(block, signal)
      world.exported.push(...valuesOf(block))
    },
    ...(probe && { probe })
  }
  const sendingQueue = new AwaitedQueue(
    exporter,
    { timeout, retry, queue },
    {
      ...context,
      deadLetters,
      edges: new Edges(),
      tenants: options.tenants
    }
  )
  const { clock } = context
  const series = new SeriesTable()
  if (!options.isInMemory)
    sendingQueue.useDiskBuffer(
      await driven(DiskBuffer.open({ disk, folder: FOLDER, clock, series, maxBytes, position }))
    )
  sendingQueue.start()
  return sendingQueue
}

export function push(to: SendingQueue, ...values: number[]): Promise<Outcome> {
  return pushBlock(to, pointsOf(...values))
}

export function pushBlock(to: SendingQueue, block: Block): Promise<Outcome> {
  const { batch, settled } = testBatch(block)
  to.push(batch)
  return settled
}

/** Lets promises run while time moves on. */
export async function pass(ms: number): Promise<void> {
  for (let i = 0; i < 40; i++) {
    world.context.clock.advance(ms / 40)
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  }
}

/** Lets time go by until `work` is done. */
export async function driven<T>(work: Promise<T>): Promise<T> {
  let isDone = false
  void work.finally(() => (isDone = true)).catch(() => {})
  for (let tries = 0; !isDone; tries++) {
    assert.ok(tries < MOST_TRIES, 'it does not end')
    await pass(20)
  }
  return work
}

export const down = () => Promise.reject(connectionRefused())
export const connectionRefused = () => Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' })
export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

function fresh() {
  return { disk: new SimulatedDisk(), context: testContext(), exported: [] as number[], answer: async () => {} }
}
