import assert from 'node:assert/strict'
import { it } from 'node:test'
import { AutoRetry, type Batch } from '../../../sdk/plugin/index.ts'
import { ReceiverHarness, testContext } from '../../../sdk/plugin/testing.ts'
import { parseItems } from '../../cases/items.ts'

function run(downstream: (batch: Batch, turn: number) => void) {
  const context = testContext()
  const entry = new AutoRetry(context)
  const receiver = { batches$: entry.batches$, stop: async () => entry.close() }
  const harness = new ReceiverHarness(receiver, context, { downstream })
  return { context, entry, harness, block: parseItems(['0s event a', '0s event b'], context.series) }
}

it('a nacked block is retried, after pauses that grow, and counts once', async () => {
  const { context, entry, harness, block } = run((batch, turn) =>
    turn < 3 ? batch.nack(new Error('full')) : batch.ack()
  )
  const { account, clock, credits } = context
  assert.equal(entry.push(block), true)
  for (const [ms, tries] of [
    [99, 1],
    [1, 2],
    [199, 2],
    [1, 3],
    [400, 4]
  ]) {
    clock.advance(ms)
    assert.equal(harness.received.length, tries)
    assert.equal(account.imbalance, 0)
  }
  assert.deepEqual([account.received, account.sent, account.refused, account.inFlight, credits.used], [2, 2, 0, 0, 0])
})

it('without credits a block is dropped, and at a stop the waiting ones are, each with a reason', async () => {
  const { context, entry, harness, block } = run(batch => batch.nack(new Error('full')))
  const { account, credits } = context
  entry.push(block)
  const all = credits.tryTake(credits.capacity - credits.used)!
  assert.equal(entry.push(block), false)
  all.release()
  await harness.stop()
  assert.deepEqual(
    [...account.dropped],
    [
      ['no_credits', 2],
      ['stopped', 2]
    ]
  )
  assert.deepEqual([account.received, account.inFlight, account.imbalance, credits.used], [4, 0, 0, 0])
})
