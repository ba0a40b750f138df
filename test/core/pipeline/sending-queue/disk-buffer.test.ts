import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { DeadLetterStore } from '../../../../core/pipeline/dead-letters/store.ts'
import { ExportError } from '../../../../sdk/plugin/index.ts'
import { testContext } from '../../../../sdk/plugin/testing.ts'
import { valuesOf } from './blocks.ts'
import { CONFIG, down, driven, open, pass, push, range, reset, world } from './disk-queue.ts'

const NEVER = new AbortController().signal

describe('a sending queue with a disk', () => {
  beforeEach(() => {
    reset()
  })

  it('never touches it while the backend keeps up', async () => {
    const sendingQueue = await open()
    for (const value of range(0, 30)) assert.equal((await driven(push(sendingQueue, value))).status, 'acked')
    assert.equal(sendingQueue.diskBufferBytes, 0)
  })

  it('with the backend gone, settles batches once they are on disk, has room, and sends all in order later', async () => {
    world.answer = down
    const sendingQueue = await open()
    const outcomes = range(0, 40).map(value => push(sendingQueue, value))
    await pass(2000)
    assert.ok(sendingQueue.hasRoom(), 'senders are not held up')
    assert.ok(sendingQueue.isCircuitOpen)
    assert.ok(sendingQueue.queuedBytes <= CONFIG.queue.max_size / 2)
    world.answer = async () => {}
    await pass(10_000)
    assert.deepEqual(world.exported, range(0, 40))
    for (const outcome of await Promise.all(outcomes)) assert.equal(outcome.status, 'acked')
    assert.deepEqual(
      [world.context.account.sent, world.context.account.inFlight, world.context.account.imbalance],
      [40, 0, 0]
    )
    const { next, end } = sendingQueue.position!
    assert.equal(next, end)
  })

  it('a checkpoint does not wait for a backend that is gone', async () => {
    world.answer = () => new Promise(() => {})
    const sendingQueue = await open()
    const settled = push(sendingQueue, 1, 2)
    await pass(50)
    assert.equal(await driven(sendingQueue.barrier()), true)
    assert.equal((await settled).status, 'acked')
    assert.deepEqual(sendingQueue.position, { next: 0, end: 1 })
  })

  it('survives a restart, in order, from where the checkpoint stood', async () => {
    world.answer = down
    const before = await open()
    for (const value of range(0, 8)) push(before, value)
    await driven(before.barrier())
    const position = before.position!
    assert.deepEqual(position, { next: 0, end: 8 })
    push(before, 8)
    await driven(before.barrier())
    world.disk.crash()

    world.context = testContext()
    world.answer = async () => {}
    const after = await open({ position })
    push(after, 100)
    await pass(5000)
    assert.deepEqual(world.exported, [...range(0, 8), 100], 'entries after the checkpoint are made again, not read')
    assert.deepEqual(
      [world.context.account.produced, world.context.account.sent, world.context.account.imbalance],
      [8, 9, 0]
    )
  })

  it('regression: started again, it sent batches once more that were settled before others in front of them on disk', async () => {
    world.answer = down
    const sendingQueue = await open({ timeout: 60_000, queue: { order: 'any', max_batch: 1 } })
    push(sendingQueue, 0)
    await driven(sendingQueue.barrier())
    let release = () => {}
    world.answer = block => (valuesOf(block)[0] === 0 ? down() : new Promise(resolve => (release = resolve)))
    push(sendingQueue, 1)
    await pass(5000)
    await driven(sendingQueue.barrier())
    release()
    await pass(10)
    await driven(sendingQueue.close(AbortSignal.abort()))
    assert.deepEqual(world.exported, [1])
    assert.deepEqual(sendingQueue.position, { next: 0, end: 2, left: new Map([[1, []]]) })

    world.answer = async () => {}
    world.context = testContext()
    await open({ position: sendingQueue.position!, queue: { order: 'any' } })
    await pass(500)
    assert.deepEqual(world.exported, [1, 0])
    const { sent, inFlight, imbalance } = world.context.account
    assert.deepEqual([sent, inFlight, imbalance], [1, 0, 0])
  })

  it('does not take new entries for those that it had when its files were lost', async () => {
    const left = new Map([[0, []]])
    world.answer = down
    const sendingQueue = await open({ position: { next: 0, end: 0, left } })
    push(sendingQueue, 7)
    await driven(sendingQueue.barrier())
    world.answer = async () => {}
    await pass(5000)
    assert.deepEqual(world.exported, [7])
  })

  it('order any: new batches take turns with a disk buffer', async () => {
    world.answer = down
    const sendingQueue = await open({ queue: { order: 'any', max_batch: 2 } })
    for (const value of range(0, 20)) push(sendingQueue, value)
    await pass(3000)
    await driven(sendingQueue.barrier())
    world.answer = async () => {}
    for (const value of range(100, 104)) push(sendingQueue, value)
    await pass(10_000)
    assert.deepEqual(new Set(world.exported), new Set([...range(0, 20), ...range(100, 104)]))
    assert.equal(world.exported.length, 24)
    assert.ok(world.exported.indexOf(103) < world.exported.indexOf(19), String(world.exported))
  })

  it('a closed sending queue leaves unsent batches on disk, and nacks nothing', async () => {
    world.answer = down
    const sendingQueue = await open()
    const outcomes = range(0, 5).map(value => push(sendingQueue, value))
    await pass(200)
    await driven(sendingQueue.close(NEVER))
    for (const outcome of await Promise.all(outcomes)) assert.equal(outcome.status, 'acked')
    assert.equal(await sendingQueue.barrier(), true)
    assert.deepEqual(sendingQueue.position, { next: 0, end: 5 })
  })

  it('a full disk keeps waiting batches in memory, up to its limit', async () => {
    world.answer = down
    const sendingQueue = await open()
    world.disk.capacity = 0
    for (const value of range(0, 12)) push(sendingQueue, value)
    await pass(3000)
    assert.equal(sendingQueue.hasRoom(), false)
  })

  it('with the circuit open a probe is asked first, and nothing is sent until it succeeds', async () => {
    let tries = 0
    world.answer = () => {
      tries++
      return down()
    }
    let isBack = false
    let probes = 0
    const probe = async () => {
      probes++
      if (!isBack) throw new Error('still away')
    }
    const sendingQueue = await open({ probe })
    push(sendingQueue, 1)
    await pass(20_000)
    assert.ok(sendingQueue.isCircuitOpen)
    assert.equal(tries, 5)
    assert.ok(probes > 3)
    isBack = true
    world.answer = async () => {}
    await pass(3000)
    assert.deepEqual(world.exported, [1])
    assert.equal(sendingQueue.isCircuitOpen, false)
  })

  it('regression: closed with the circuit open, it asked first whether the backend was back', async () => {
    world.answer = down
    let isAsked = false
    const sendingQueue = await open({
      timeout: 1 << 30,
      probe: () => {
        isAsked = true
        return new Promise(() => {})
      }
    })
    push(sendingQueue, 1)
    while (!sendingQueue.isCircuitOpen) await pass(10)
    await driven(sendingQueue.close(NEVER))
    assert.deepEqual([isAsked, sendingQueue.position], [false, { next: 0, end: 1 }])
  })

  it('bad items go to the dead letters, the rest to the backend', async () => {
    world.answer = async block => {
      if (valuesOf(block).includes(13)) throw new ExportError('13 is unlucky', { retryable: false, reason: 'rejected' })
    }
    const deadLetters = await DeadLetterStore.open(world.disk, '/dead')
    const sendingQueue = await open({ deadLetters })
    const good = push(sendingQueue, 1, 2)
    const bad = push(sendingQueue, 12, 13, 14)
    await pass(1000)
    assert.deepEqual(
      [...world.exported].sort((a, b) => a - b),
      [1, 2, 12, 14]
    )
    assert.equal((await good).status, 'acked')
    assert.deepEqual(await bad, { status: 'dropped', items: 1, reason: 'rejected' })
    const deadLetter = await deadLetters.read(deadLetters.numbers[0], new SeriesTable())
    assert.deepEqual(
      [deadLetter.kind, deadLetter.id, deadLetter.reason, deadLetter.error],
      ['exporter', 'test', 'rejected', '13 is unlucky']
    )
    assert.deepEqual(valuesOf(deadLetter.block), [13])
    assert.equal(world.context.account.imbalance, 0)
  })
})
