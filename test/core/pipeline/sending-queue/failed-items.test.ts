import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { DeadLetterStore } from '../../../../core/pipeline/dead-letters/store.ts'
import { type Block, ExportError } from '../../../../sdk/plugin/index.ts'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import { valuesOf } from './blocks.ts'
import {
  type AwaitedQueue,
  down,
  driven,
  open,
  pass,
  push,
  range,
  reset,
  type SendingQueueOptions,
  world
} from './disk-queue.ts'

const QUEUE = { max_size: 1 << 20, max_batch: 100 }

let deadLetters: DeadLetterStore
/** Of each export that reached the backend. */
let calls: number[][]

async function start(options: SendingQueueOptions = {}): Promise<AwaitedQueue> {
  deadLetters = await driven(DeadLetterStore.open(new SimulatedDisk(), '/dead'))
  return open({ queue: QUEUE, deadLetters: deadLetters, ...options })
}

async function dead(): Promise<number[][]> {
  const read = deadLetters.numbers.map(number => deadLetters.read(number, new SeriesTable()))
  return (await Promise.all(read)).map(({ block }) => valuesOf(block))
}

/** A backend that takes all of a block but the items with these values, and names them. */
function naming(retryable: boolean, isBad: (value: number) => boolean): (block: Block) => Promise<void> {
  return async block => {
    const values = valuesOf(block)
    calls.push(values)
    const failedItems = [...values.keys()].filter(i => isBad(values[i])).reverse()
    if (failedItems.length === 0) return
    world.exported.push(...values.filter(value => !isBad(value)))
    throw new ExportError('some items failed', { retryable, reason: 'named', failedItems })
  }
}

const books = () => {
  const { sent, inFlight, imbalance, dropped } = world.context.account
  return { sent, inFlight, imbalance, dropped: Object.fromEntries(dropped) }
}

for (const isInMemory of [true, false])
  describe(`a sending queue ${isInMemory ? 'in memory' : 'with a disk'} whose backend names the items that failed`, () => {
    beforeEach(() => {
      reset()
      calls = []
    })

    it('gives up exactly these where they are refused for good, without asking again', async () => {
      world.answer = naming(false, value => value === 2 || value === 3 || value === 5)
      const sendingQueue = await start({ isInMemory })
      const outcomes = await driven(
        Promise.all([
          push(sendingQueue, 0, 1, 2),
          push(sendingQueue, 3),
          push(sendingQueue, 4),
          push(sendingQueue, 5, 6)
        ])
      )
      assert.deepEqual(calls, [range(0, 7)])
      assert.deepEqual(await dead(), [[2, 3, 5]])
      const named = { status: 'dropped', items: 1, reason: 'named' }
      assert.deepEqual(outcomes, [named, named, { status: 'acked' }, named])
      assert.deepEqual(world.exported, [0, 1, 4, 6])
      assert.deepEqual(books(), { sent: 4, inFlight: 0, imbalance: 0, dropped: { named: 3 } })
    })

    it('tries only these again where that can help', async () => {
      world.answer = naming(true, value => value % 2 === 1)
      const sendingQueue = await start({ isInMemory })
      const outcomes = [push(sendingQueue, 0, 1, 2), push(sendingQueue, 3), push(sendingQueue, 4)]
      await pass(20)
      assert.deepEqual(books(), { sent: 3, inFlight: 2, imbalance: 0, dropped: {} })
      assert.equal((await outcomes[2]).status, 'acked', 'all of it is there')
      world.answer = naming(true, () => false)
      await driven(Promise.all(outcomes))
      assert.deepEqual(calls.at(0), [0, 1, 2, 3, 4])
      assert.deepEqual(calls.at(-1), [1, 3])
      assert.deepEqual(world.exported.toSorted(), range(0, 5))
      assert.deepEqual(books(), { sent: 5, inFlight: 0, imbalance: 0, dropped: {} })
    })

    it('takes the whole block as failed where the indexes are not of this block', async () => {
      world.answer = async block => {
        calls.push(valuesOf(block))
        if (valuesOf(block).includes(1))
          throw new ExportError('index 7 of 2', { retryable: false, reason: 'named', failedItems: [0, 7] })
      }
      const sendingQueue = await start({ isInMemory })
      await driven(push(sendingQueue, 0, 1))
      assert.deepEqual(calls, [[0, 1], [0], [1]])
      assert.deepEqual([world.exported, await dead()], [[0], [[1]]])
    })

    it('maps the indexes of a piece to those of the block', async () => {
      world.answer = async block => {
        const values = valuesOf(block)
        if (values.length > 4) throw new ExportError('too large', { retryable: false, reason: 'too_large' })
        await naming(false, value => value === 6)(block)
      }
      const sendingQueue = await start({ isInMemory })
      await driven(push(sendingQueue, ...range(0, 8)))
      assert.deepEqual(await dead(), [[6]])
      assert.deepEqual(world.exported, [0, 1, 2, 3, 4, 5, 7])
    })

    it('tries again those of a piece that may be, once the others are sorted out', async () => {
      let isFirst = true
      world.answer = async block => {
        const values = valuesOf(block)
        if (values.includes(0)) throw new ExportError('bad', { retryable: false, reason: 'bad' })
        if (values.includes(6) && isFirst) {
          isFirst = false
          await naming(true, value => value === 6)(block)
        }
      }
      const sendingQueue = await start({ isInMemory })
      await driven(push(sendingQueue, ...range(0, 8)))
      assert.deepEqual(await dead(), [[0]])
      assert.deepEqual(
        world.exported.toSorted((a, b) => a - b),
        range(1, 8)
      )
      assert.deepEqual(books(), { sent: 7, inFlight: 0, imbalance: 0, dropped: { bad: 1 } })
    })
  })

describe('a sending queue with a disk whose backend names the items that failed', () => {
  beforeEach(() => {
    reset()
    calls = []
  })

  it('has on disk only these of the items it read from there, through a restart', async () => {
    world.answer = down
    const first = await start()
    push(first, ...range(0, 6))
    await driven(first.barrier())
    push(first, 6, 7)
    await driven(first.close(AbortSignal.abort()))
    world.answer = naming(true, value => value % 3 === 1)
    const second = await start({ position: first.position })
    await pass(50)
    await driven(second.close(AbortSignal.abort()))
    assert.deepEqual(calls[0], range(0, 8))
    assert.deepEqual(second.position, {
      next: 0,
      end: 2,
      left: new Map([
        [
          0,
          [
            { from: 1, to: 2 },
            { from: 4, to: 5 }
          ]
        ],
        [1, [{ from: 1, to: 2 }]]
      ])
    })
    world.answer = async () => {}
    const third = await start({ position: second.position })
    await pass(500)
    assert.deepEqual(
      world.exported.toSorted((a, b) => a - b),
      range(0, 8)
    )
    assert.deepEqual(third.position, { next: 2, end: 2 })
  })
})
