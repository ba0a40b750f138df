import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { DeadLetterStore } from '../../../../core/pipeline/dead-letters/store.ts'
import type { SendingQueue } from '../../../../core/pipeline/sending-queue/sending-queue.ts'
import { ExportError } from '../../../../sdk/plugin/index.ts'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import { valuesOf } from './blocks.ts'
import { driven, open, pass, push, range, reset, type SendingQueueOptions, world } from './disk-queue.ts'

const secondCopy: typeof import('../../../../core/errors.ts') = await import(
  `${'../../../../core/errors.ts'}?sending queue`
)
const QUEUE = { max_size: 1 << 20, max_batch: 100 }
const exportFailed = { status: 'dropped', items: 1, reason: 'export_failed' }

let deadLetters: DeadLetterStore

async function start(options: SendingQueueOptions = {}): Promise<SendingQueue> {
  deadLetters = await driven(DeadLetterStore.open(new SimulatedDisk(), '/dead'))
  return open({ queue: QUEUE, deadLetters: deadLetters, ...options })
}

async function dead(): Promise<(readonly [reason: string, error: string, ...values: number[]])[]> {
  const read = deadLetters.numbers.map(number => deadLetters.read(number, new SeriesTable()))
  return (await Promise.all(read)).map(({ block, reason, error }) => [reason, error, ...valuesOf(block)] as const)
}

const fails = (error: () => Error, ...bad: readonly number[]) => {
  world.answer = async block => {
    if (valuesOf(block).some(value => bad.includes(value))) throw error()
  }
}
const outOfRange = () => new RangeError('the value is out of range')
const unknown = () => new Error('it does not work')
const books = () => {
  const { sent, inFlight, imbalance, dropped } = world.context.account
  return { sent, inFlight, imbalance, dropped: Object.fromEntries(dropped) }
}

for (const isInMemory of [true, false])
  describe(`a sending queue ${isInMemory ? 'in memory' : 'with a disk'} whose exporter fails by itself`, () => {
    beforeEach(reset)

    it('regression: a block that could not be encoded was tried without end, and all behind it waited', async () => {
      const sendingQueue = await start({ isInMemory })
      fails(outOfRange, 3)
      const outcomes = [push(sendingQueue, 0, 1, 2), push(sendingQueue, 3), push(sendingQueue, 4)]
      await pass(100)
      assert.deepEqual(await driven(Promise.all(outcomes)), [{ status: 'acked' }, exportFailed, { status: 'acked' }])
      assert.deepEqual(world.exported, [0, 1, 2, 4])
      assert.deepEqual(await dead(), [['export_failed', 'RangeError: the value is out of range', 3]])
      assert.deepEqual(books(), { sent: 4, inFlight: 0, imbalance: 0, dropped: { export_failed: 1 } })
      assert.equal(world.context.state.state, 'ok')
    })

    it('an item alone that cannot be encoded is given up at once', async () => {
      const sendingQueue = await start({ isInMemory })
      fails(outOfRange, 3)
      assert.deepEqual(await driven(push(sendingQueue, 3)), exportFailed)
      assert.equal((await dead()).length, 1)
    })

    it('an error that nobody can place is tried five times, and then the item alone that causes it is given up', async () => {
      const sendingQueue = await start({ isInMemory })
      let whole = 0
      world.answer = async block => {
        const values = valuesOf(block)
        if (values.length === 5) whole++
        if (values.includes(3)) throw unknown()
      }
      const outcomes = [push(sendingQueue, 0, 1, 2), push(sendingQueue, 3), push(sendingQueue, 4)]
      await pass(60_000)
      assert.equal(whole, 5)
      assert.deepEqual(world.exported, [0, 1, 2, 4])
      assert.deepEqual(await dead(), [['export_failed', 'it does not work', 3]])
      const statuses = (await driven(Promise.all(outcomes))).map(({ status }) => status)
      assert.deepEqual(statuses, ['acked', 'dropped', 'acked'])
      assert.deepEqual(books(), { sent: 4, inFlight: 0, imbalance: 0, dropped: { export_failed: 1 } })
      assert.deepEqual([world.context.state.state, sendingQueue.isCircuitOpen], ['ok', false])
    })

    it('where nothing gets there it looks like an outage, and nothing is given up', async () => {
      const sendingQueue = await start({ isInMemory })
      const all = range(0, 8)
      fails(unknown, ...all)
      push(sendingQueue, ...range(0, 4))
      push(sendingQueue, ...range(4, 8))
      for (let minutes = 0; minutes < 10; minutes++) await pass(60_000)
      assert.deepEqual([await dead(), world.exported], [[], []])
      world.answer = async () => {}
      await pass(5000)
      assert.deepEqual(world.exported.toSorted(), all)
      assert.deepEqual(books(), { sent: 8, inFlight: 0, imbalance: 0, dropped: {} })
    })

    it('an item alone with an error that nobody can place waits for another to tell whether the backend is there', async () => {
      const sendingQueue = await start({ isInMemory })
      fails(unknown, 3)
      push(sendingQueue, 3)
      await pass(60_000)
      assert.deepEqual(await dead(), [])
      push(sendingQueue, 4)
      await pass(60_000)
      assert.deepEqual(await dead(), [['export_failed', 'it does not work', 3]])
      assert.deepEqual(world.exported, [4])
      assert.ok(sendingQueue.isIdle)
    })

    it('the last item of a block is told from an outage by the probe', async () => {
      const sendingQueue = await start({ isInMemory, probe: async () => {} })
      fails(unknown, 2)
      push(sendingQueue, 0, 1, 2)
      await pass(60_000)
      assert.deepEqual(await dead(), [['export_failed', 'it does not work', 2]])
    })

    it('while the probe fails nothing is searched for, whatever the error is', async () => {
      let isBack = false
      const probe = async () => {
        if (!isBack) throw unknown()
      }
      const sendingQueue = await start({ isInMemory, probe })
      let tries = 0
      world.answer = async () => {
        tries++
        throw unknown()
      }
      push(sendingQueue, 0, 1)
      await pass(60_000)
      assert.equal(tries, 5)
      isBack = true
      world.answer = async () => {}
      await pass(5000)
      assert.deepEqual([world.exported, await dead()], [[0, 1], []])
    })

    it('regression: items that a second copy of the package refused for good were retried without end', async () => {
      const sendingQueue = await start({ isInMemory })
      fails(() => new secondCopy.ExportError('HTTP 400', { retryable: false, reason: 'rejected_by_backend' }), 3)
      await driven(Promise.all([push(sendingQueue, 2), push(sendingQueue, 3)]))
      assert.deepEqual(await dead(), [['rejected_by_backend', 'HTTP 400', 3]])
    })
  })

describe('a sending queue whose exporter fails by itself', () => {
  beforeEach(reset)

  it('drops items that cannot be exported if there are no dead letters, and counts them', async () => {
    const sendingQueue = await open({ isInMemory: true, queue: QUEUE })
    fails(outOfRange, 1)
    const [good, bad] = await driven(Promise.all([push(sendingQueue, 0), push(sendingQueue, 1)]))
    assert.deepEqual([good, bad], [{ status: 'acked' }, exportFailed])
    assert.deepEqual(books().dropped, { export_failed: 1 })
  })

  it('closed with a disk while it searches, keeps undecided items there', async () => {
    const sendingQueue = await start()
    fails(unknown, 1, 2)
    push(sendingQueue, 0, 1, 2)
    while (!sendingQueue.isCircuitOpen) await pass(100)
    await driven(sendingQueue.close(new AbortController().signal))
    assert.deepEqual(await dead(), [])
    const { position } = sendingQueue
    world.answer = async () => {}
    await open({ position, queue: QUEUE })
    await pass(1000)
    assert.deepEqual(world.exported.toSorted(), [0, 1, 2])
  })

  it('an outage that begins while it searches costs no more than the bad item', async () => {
    const sendingQueue = await start()
    let calls = 0
    world.answer = async block => {
      if (valuesOf(block).includes(0)) throw new ExportError('no', { retryable: false })
      if (++calls > 1) throw unknown()
    }
    push(sendingQueue, ...range(0, 64))
    for (let minutes = 0; minutes < 5; minutes++) await pass(60_000)
    world.answer = async () => {}
    await pass(60_000)
    assert.deepEqual(
      (await dead()).map(([reason, , ...values]) => [reason, ...values]),
      [['rejected', 0]]
    )
    assert.deepEqual(
      world.exported.toSorted((a, b) => a - b),
      range(1, 64)
    )
  })
})
