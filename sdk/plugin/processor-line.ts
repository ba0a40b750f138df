import assert from 'node:assert/strict'
import type { Batch, Outcome } from '../../core/batch/batch.ts'
import type { Block } from '../../core/model/block.ts'
import type { Lifecycle, Processor } from '../../core/plugin/contract.ts'
import { count } from '../../core/plural.ts'
import { signal, stop, within } from './contract-subject.ts'
import { ProcessorHarness } from './processor-harness.ts'
import type { TestContext } from './test-context.ts'

/** Longer than any window or backoff of a sensible default. */
export const LONG_MS = 2 * 3_600_000
export const STEP_MS = 60_000

/** Settles the `turn`th batch that the processor emits. */
export type Downstream = (batch: Batch, turn: number) => void

/** A processor as it stands in a pipeline, started. */
export async function assembled(instance: Lifecycle, context: TestContext, downstream: Downstream) {
  const harness = new ProcessorHarness(instance as Processor, context, { downstream }).open()
  await within('start', instance.start?.(signal()))
  return {
    harness,
    sent: harness.sent,
    send: (block: Block) => harness.send(block),
    /** Sends it, and gives it the time that a processor may hold a batch for. */
    async settle(block: Block): Promise<Outcome> {
      const settled = harness.send(block)
      await harness.advance(STEP_MS)
      return settled
    },
    /** No more comes in; time goes on until all is out. */
    async end(): Promise<void> {
      await harness.advance(LONG_MS)
      void harness.finish()
      for (let ms = 0; ms < LONG_MS && !harness.isFinished; ms += STEP_MS) await harness.advance(STEP_MS)
      assert.ok(harness.isFinished, 'the stream completes after its source')
      await stop(instance)
    }
  }
}

export function assertBalanced({ account, credits, outputBudget }: TestContext): void {
  assert.equal(account.imbalance, 0, `not accounted for: ${count(account.imbalance, 'item')}`)
  assert.equal(account.inFlight, 0, 'nothing is in flight any more')
  assert.deepEqual([credits.used, outputBudget.used], [0, 0], 'all credits are back')
}
