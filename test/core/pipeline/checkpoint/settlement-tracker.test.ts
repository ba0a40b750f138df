import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Batch } from '../../../../core/batch/batch.ts'
import { tokensOf } from '../../../../core/batch/settlement.ts'
import { SettlementTracker } from '../../../../core/pipeline/checkpoint/settlement-tracker.ts'
import { pointsOf } from '../sending-queue/blocks.ts'

const ORIGIN = { source: 'test' }

/** What the barrier says; undefined while it waits. */
async function told(barrier: Promise<boolean>): Promise<boolean | undefined> {
  return Promise.race([barrier, new Promise<undefined>(resolve => setImmediate(() => resolve(undefined)))])
}

test('a barrier waits for the settlements open at its request, and for no later ones', async () => {
  const tracker = new SettlementTracker()
  const [first, second] = [tracker.open(), tracker.open()]
  const barrier = tracker.barrier()
  const later = tracker.open()
  tracker.close(second)
  assert.equal(await told(barrier), undefined)
  tracker.close(first)
  assert.equal(await told(barrier), true)
  assert.equal(await told(tracker.barrier()), undefined)
  tracker.close(later)
  assert.deepEqual([await told(tracker.barrier()), tracker.size], [true, 0])
})

test('a settlement that is nacked fails the barriers that wait for it, and no later one', async () => {
  const tracker = new SettlementTracker()
  const before = tracker.open()
  const barrier = tracker.barrier()
  const after = tracker.open()
  const later = tracker.barrier(new Set([before]))
  tracker.returned(before)
  assert.deepEqual([await told(barrier), await told(later)], [false, undefined])
  tracker.close(after)
  assert.equal(await told(later), true)
})

test('once only the last checkpoint leads to some data, no barrier is reached any more', async () => {
  const tracker = new SettlementTracker()
  tracker.open()
  const barrier = tracker.barrier()
  tracker.break()
  assert.deepEqual([await told(barrier), await told(tracker.barrier()), tracker.isBroken], [false, false, true])
})

test('a settlement depends on handles alone if each of its open handles does, at any remove', () => {
  const token = {}
  const root = Batch.of(ORIGIN, pointsOf(1), () => {}, undefined, token)
  const { settlement } = root
  const [a, b] = root.fork(2)
  const child = Batch.derive([b], b.block, outcome => b.settle(outcome))
  const depends = (...batches: Batch[]) => tokensOf(batches.map(batch => batch.settlement)).has(token)
  assert.equal(depends(a), false, 'the other branch is elsewhere')
  assert.equal(depends(a, child), true)
  a.ack()
  assert.equal(depends(child), true)
  const merged = Batch.merge([child], child.block)
  assert.equal(depends(merged), true)
  assert.equal(settlement.open, 1)
})

test('a settlement that was nacked in part is waited for: its sender has still to be told', () => {
  const token = {}
  const [a, b] = Batch.of(ORIGIN, pointsOf(1), () => {}, undefined, token).fork(2)
  a.nack(new Error('no'))
  assert.equal(tokensOf([b.settlement]).size, 0)
})
