import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Batch, type Outcome } from '../../../../core/batch/batch.ts'
import { CreditPool } from '../../../../core/batch/credits.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import type { QueuePosition } from '../../../../core/pipeline/checkpoint/file.ts'
import { DeadLetterStore } from '../../../../core/pipeline/dead-letters/store.ts'
import { ExportError } from '../../../../sdk/plugin/index.ts'
import { testContext } from '../../../../sdk/plugin/testing.ts'
import { type Random, randomFrom, SimulatedDisk } from '../../journal/simulated-disk.ts'
import { pointsOf, valuesOf } from './blocks.ts'
import {
  type AwaitedQueue,
  connectionRefused,
  driven,
  open,
  POINT,
  pass,
  range,
  reset,
  type SendingQueueOptions,
  world
} from './disk-queue.ts'

const SEEDS = Number(process.env.RUNS ?? 40)
const LIVES = 4
const POISON_EVERY = 9
const BOUNDLESS = Number.POSITIVE_INFINITY

const isPoison = (value: number) => value % POISON_EVERY === 4

/**
 * Sending queues that follow one another, each with what the one before has left, and a backend that keeps all it is
 * given.
 */
class Succession {
  random: Random
  readonly #options: SendingQueueOptions
  readonly #deadLetterDisk = new SimulatedDisk()
  readonly #credits = new CreditPool(1 << 30)
  readonly #crashes: boolean
  #deadLetters!: DeadLetterStore
  #sendingQueue: AwaitedQueue | undefined
  /**
   * The last one: where the sending queue stood, and how much had been pushed that nobody pushes again after a crash.
   */
  #checkpoint: { readonly position: QueuePosition | undefined; readonly pushed: number } = {
    position: undefined,
    pushed: 0
  }
  #left: Batch[] = []
  #pushed = 0
  /** Sent or dropped, as the accounts of the queues say. */
  #settled = 0
  #isUp = true
  readonly #outcomes: Outcome[] = []

  constructor(seed: number, crashes: boolean) {
    this.#crashes = crashes
    this.random = randomFrom(seed)
    reset()
    world.disk = new SimulatedDisk(this.random)
    const isInMemory = seed % 4 === 0
    const order = this.random() < 0.5 ? 'any' : 'oldest_first'
    const max_batch = this.upTo(30)
    const maxBytes = this.random() < 0.5 ? this.upTo(4000) : undefined
    this.#options = { isInMemory, maxBytes, timeout: 3000, queue: { order, max_batch, max_size: POINT * 60 } }
    world.answer = (block, signal) => this.#answer(valuesOf(block), signal)
  }

  upTo(most: number): number {
    return 1 + Math.floor(this.random() * most)
  }

  async live(): Promise<void> {
    const sendingQueue = await this.#begin()
    for (let steps = this.upTo(12); steps > 0; steps--) await this.#step(sendingQueue)
    world.disk.broken = undefined
    if (this.#crashes && this.random() < 0.6) return this.#crash()
    await pass(1500)
    await this.#close(sendingQueue)
  }

  /** Once nothing fails any more. */
  async finish(): Promise<void> {
    this.#deadLetterDisk.capacity = BOUNDLESS
    this.random = () => 0.99
    const sendingQueue = await this.#begin()
    for (let tries = 0; !sendingQueue.isIdle && tries < 100; tries++) await pass(500)
    assert.ok(sendingQueue.isIdle, 'it does not end')
    assert.equal(world.context.account.imbalance, 0)
    assert.deepEqual(world.exported.filter(isPoison), [])
    assert.ok(this.#outcomes.every(({ status }) => status !== 'nacked'))
    const all = sorted([...world.exported, ...(await this.#dead())])
    assert.deepEqual(this.#crashes ? [...new Set(all)] : all, range(0, this.#pushed))
    if (!this.#crashes) this.#checkBooks()
  }

  #checkBooks(): void {
    const { produced, received } = world.context.account
    assert.equal(produced + received, this.#pushed - this.#settled, 'batches the sending queues before had not settled')
    if (this.#options.queue?.order === 'oldest_first') assert.deepEqual(world.exported, sorted(world.exported))
    assert.equal(this.#credits.used, 0)
  }

  async #begin(): Promise<AwaitedQueue> {
    const { position } = this.#checkpoint
    world.context = testContext()
    this.#deadLetters = await driven(DeadLetterStore.open(this.#deadLetterDisk, '/dead'))
    const sendingQueue = await open({ ...this.#options, position, deadLetters: this.#deadLetters })
    for (const batch of this.#left.splice(0)) sendingQueue.push(batch)
    this.#sendingQueue = sendingQueue
    this.#isUp = true
    return sendingQueue
  }

  async #step(sendingQueue: AwaitedQueue): Promise<void> {
    const dice = this.random()
    if (dice < 0.5)
      for (let count = this.upTo(4); count > 0 && sendingQueue.hasRoom(); count--) this.#push(sendingQueue)
    else if (dice < 0.6) void this.#takeCheckpoint(sendingQueue)
    else if (dice < 0.7) this.#isUp = !this.#isUp
    else if (dice < 0.75) this.#breakOrMend(world.disk)
    else if (dice < 0.8) this.#deadLetterDisk.capacity = this.#deadLetterDisk.capacity === BOUNDLESS ? 0 : BOUNDLESS
    await pass(this.upTo(4) ** 5)
  }

  async #takeCheckpoint(sendingQueue: AwaitedQueue): Promise<void> {
    const pushed = this.#pushed
    if (!(await sendingQueue.barrier()) || sendingQueue !== this.#sendingQueue) return
    const { position } = sendingQueue
    this.#checkpoint = { position, pushed }
    await sendingQueue.removeBefore(position?.next ?? 0).catch(() => {})
  }

  #breakOrMend(disk: SimulatedDisk): void {
    const fault = { code: 'EIO', when: this.random() < 0.5 ? 'before' : 'after' } as const
    disk.broken = disk.broken === undefined ? fault : undefined
  }

  #push(sendingQueue: AwaitedQueue): void {
    const from = this.#pushed
    this.#pushed += this.upTo(10)
    sendingQueue.push(this.#batch(range(from, this.#pushed)))
  }

  #batch(values: readonly number[]): Batch {
    const permit = this.#credits.tryTake(values.length)
    return Batch.of({ source: 'test' }, pointsOf(...values), outcome => this.#outcomes.push(outcome), permit)
  }

  async #close(sendingQueue: AwaitedQueue): Promise<void> {
    const deadline = new AbortController()
    const isSoon = this.random() < 0.3
    world.context.clock.setTimer(isSoon ? 0 : this.upTo(400), () => deadline.abort())
    this.#left = await driven(sendingQueue.release(deadline.signal))
    assert.ok(this.#options.isInMemory || this.#left.length === 0, 'the disk takes it')
    const { account } = world.context
    assert.deepEqual([account.imbalance, sendingQueue.queuedBytes], [0, 0])
    this.#settled += account.sent + account.droppedTotal
    this.#sendingQueue = undefined
    if (this.#left.length === 0) this.#checkpoint = { position: sendingQueue.position, pushed: this.#pushed }
  }

  /** Who feeds the sending queues pushes again what came after the checkpoint. */
  #crash(): void {
    this.#sendingQueue = undefined
    world.disk.crash()
    this.#deadLetterDisk.crash()
    const { pushed } = this.#checkpoint
    this.#left = pushed < this.#pushed ? [this.#batch(range(pushed, this.#pushed))] : []
  }

  /** It has a block, or says that it has not. */
  async #answer(values: readonly number[], signal: AbortSignal): Promise<void> {
    const { clock } = world.context
    await new Promise<void>(resolve => clock.setTimer(this.random() < 0.05 ? 5000 : this.upTo(60), resolve))
    signal.throwIfAborted()
    if (!this.#isUp || this.random() < 0.1) throw this.#outage()
    const bad = values.find(isPoison)
    if (bad !== undefined) throw new ExportError('poison', { retryable: false, reason: `poison_${bad % 2}` })
  }

  /** Who cannot tell an outage from bad data may send an item after later ones. */
  #outage(): Error {
    return this.#options.queue?.order === 'any' ? new Error('it does not work') : connectionRefused()
  }

  async #dead(): Promise<number[]> {
    const dead: number[] = []
    for (const number of this.#deadLetters.numbers) {
      const { block, reason } = await this.#deadLetters.read(number, new SeriesTable())
      assert.match(reason, /^poison/, 'an outage is not taken for bad data')
      dead.push(...valuesOf(block))
    }
    return dead
  }
}

for (const [what, crashes] of [
  ['refused, fails and closes when: all that was pushed is in the backend or a dead letter, once', false],
  ['refused, fails, closes and crashes when: all that was pushed is in the backend or a dead letter', true]
] as const)
  test(`whatever is ${what}`, () => tryAll(crashes))

async function tryAll(crashes: boolean): Promise<void> {
  for (let seed = 0; seed < SEEDS; seed++) {
    try {
      const sendingQueues = new Succession(seed, crashes)
      for (let life = 0; life < LIVES; life++) await sendingQueues.live()
      await sendingQueues.finish()
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b)
