import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { SeriesRegistry } from '../../../../core/model/series.ts'
import { DeadLetters } from '../../../../core/pipeline/dead-letters/store.ts'
import { ExportError } from '../../../../sdk/plugin/index.ts'
import { testContext } from '../../../../sdk/plugin/testing.ts'
import { valuesOf } from './blocks.ts'
import { CONFIG, down, driven, open, pass, push, range, reset, world } from './disk-queue.ts'

const NEVER = new AbortController().signal

describe('a lane with a disk', () => {
  beforeEach(() => {
    reset()
  })

  it('never touches it while the backend keeps up', async () => {
    const lane = await open()
    for (const value of range(0, 30)) assert.equal((await driven(push(lane, value))).status, 'acked')
    assert.equal(lane.backlogBytes, 0)
  })

  it('with the backend gone, settles batches once they are on disk, has room, and sends all in order later', async () => {
    world.answer = down
    const lane = await open()
    const outcomes = range(0, 40).map(value => push(lane, value))
    await pass(2000)
    assert.ok(lane.hasRoom(), 'senders are not held up')
    assert.ok(lane.isCircuitOpen)
    assert.ok(lane.queuedBytes <= CONFIG.queue.max_size / 2)
    world.answer = async () => {}
    await pass(10_000)
    assert.deepEqual(world.exported, range(0, 40))
    for (const outcome of await Promise.all(outcomes)) assert.equal(outcome.status, 'acked')
    assert.deepEqual(
      [world.context.account.sent, world.context.account.inFlight, world.context.account.imbalance],
      [40, 0, 0]
    )
    const { next, end } = lane.position!
    assert.equal(next, end)
  })

  it('a checkpoint does not wait for a backend that is gone', async () => {
    world.answer = () => new Promise(() => {})
    const lane = await open()
    const settled = push(lane, 1, 2)
    await pass(50)
    assert.equal(await driven(lane.barrier()), true)
    assert.equal((await settled).status, 'acked')
    assert.deepEqual(lane.position, { next: 0, end: 1 })
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
    assert.deepEqual(world.exported, [...range(0, 8), 100], 'what came after the checkpoint is made again, not read')
    assert.deepEqual(
      [world.context.account.produced, world.context.account.sent, world.context.account.imbalance],
      [8, 9, 0]
    )
  })

  it('regression: started again, it sent once more what was done before others that were in front of it on disk', async () => {
    world.answer = down
    const lane = await open({ timeout: 60_000, queue: { order: 'any', max_batch: 1 } })
    push(lane, 0)
    await driven(lane.barrier())
    let letGo = () => {}
    world.answer = block => (valuesOf(block)[0] === 0 ? down() : new Promise(resolve => (letGo = resolve)))
    push(lane, 1)
    await pass(5000)
    await driven(lane.barrier())
    letGo()
    await pass(10)
    await driven(lane.close(AbortSignal.abort()))
    assert.deepEqual(world.exported, [1])
    assert.deepEqual(lane.position, { next: 0, end: 2, left: new Map([[1, []]]) })

    world.answer = async () => {}
    world.context = testContext()
    await open({ position: lane.position!, queue: { order: 'any' } })
    await pass(500)
    assert.deepEqual(world.exported, [1, 0])
    const { sent, inFlight, imbalance } = world.context.account
    assert.deepEqual([sent, inFlight, imbalance], [1, 0, 0])
  })

  it('does not take new entries for those that it had when its files were lost', async () => {
    const left = new Map([[0, []]])
    world.answer = down
    const lane = await open({ position: { next: 0, end: 0, left } })
    push(lane, 7)
    await driven(lane.barrier())
    world.answer = async () => {}
    await pass(5000)
    assert.deepEqual(world.exported, [7])
  })

  it('order any: what is fresh takes turns with a backlog', async () => {
    world.answer = down
    const lane = await open({ queue: { order: 'any', max_batch: 2 } })
    for (const value of range(0, 20)) push(lane, value)
    await pass(3000)
    await driven(lane.barrier())
    world.answer = async () => {}
    for (const value of range(100, 104)) push(lane, value)
    await pass(10_000)
    assert.deepEqual(new Set(world.exported), new Set([...range(0, 20), ...range(100, 104)]))
    assert.equal(world.exported.length, 24)
    assert.ok(world.exported.indexOf(103) < world.exported.indexOf(19), String(world.exported))
  })

  it('a closed lane leaves what it cannot send on disk, and hands nothing back', async () => {
    world.answer = down
    const lane = await open()
    const outcomes = range(0, 5).map(value => push(lane, value))
    await pass(200)
    await driven(lane.close(NEVER))
    for (const outcome of await Promise.all(outcomes)) assert.equal(outcome.status, 'acked')
    assert.equal(await lane.barrier(), true)
    assert.deepEqual(lane.position, { next: 0, end: 5 })
  })

  it('a full disk keeps what waits in memory, up to its limit', async () => {
    world.answer = down
    const lane = await open()
    world.disk.capacity = 0
    for (const value of range(0, 12)) push(lane, value)
    await pass(3000)
    assert.equal(lane.hasRoom(), false)
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
    const lane = await open({ probe })
    push(lane, 1)
    await pass(20_000)
    assert.ok(lane.isCircuitOpen)
    assert.equal(tries, 5)
    assert.ok(probes > 3)
    isBack = true
    world.answer = async () => {}
    await pass(3000)
    assert.deepEqual(world.exported, [1])
    assert.equal(lane.isCircuitOpen, false)
  })

  it('regression: closed with the circuit open, it asked first whether the backend was back', async () => {
    world.answer = down
    let isAsked = false
    const lane = await open({
      timeout: 1 << 30,
      probe: () => {
        isAsked = true
        return new Promise(() => {})
      }
    })
    push(lane, 1)
    while (!lane.isCircuitOpen) await pass(10)
    await driven(lane.close(NEVER))
    assert.deepEqual([isAsked, lane.position], [false, { next: 0, end: 1 }])
  })

  it('bad items go to the dead letters, the rest to the backend', async () => {
    world.answer = async block => {
      if (valuesOf(block).includes(13)) throw new ExportError('13 is unlucky', { retryable: false, reason: 'rejected' })
    }
    const deadLetters = await DeadLetters.open(world.disk, '/dead')
    const lane = await open({ deadLetters })
    const good = push(lane, 1, 2)
    const bad = push(lane, 12, 13, 14)
    await pass(1000)
    assert.deepEqual(
      [...world.exported].sort((a, b) => a - b),
      [1, 2, 12, 14]
    )
    assert.equal((await good).status, 'acked')
    assert.deepEqual(await bad, { status: 'dropped', items: 1, reason: 'rejected' })
    const letter = await deadLetters.read(deadLetters.numbers[0], new SeriesRegistry())
    assert.deepEqual(
      [letter.kind, letter.id, letter.reason, letter.error],
      ['exporter', 'test', 'rejected', '13 is unlucky']
    )
    assert.deepEqual(valuesOf(letter.block), [13])
    assert.equal(world.context.account.imbalance, 0)
  })
})
