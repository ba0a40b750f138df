import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Batch } from '../../../../sdk/plugin/index.ts'
import { ProcessorHarness, testContext } from '../../../../sdk/plugin/testing.ts'
import { pointsOf } from '../../../processor-under-test.ts'
import { turns } from '../journaled-run.ts'
import { anyLink, inARow, type Link, POISON } from './operator-chains.ts'

/** Longer than any operator of a chain waits, retries in a row included. */
const LONG_MS = 20_000
/** A chain waits for so many turns of the event loop at most. */
const MOST_TURNS = 30
/** An operator that takes one batch at a time needs one for each. */
const MOST_ROUNDS = 100
const FULL = new Error('full')

type Step =
  | { readonly do: 'push'; readonly values: readonly number[] }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'end'; readonly which: number; readonly by: 'ack' | 'nack' | 'drop' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      values: fc.array(fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 1, 1, POISON), { minLength: 1, maxLength: 5 })
    })
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 900 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which: fc.nat(),
      by: fc.constantFrom('ack', 'ack', 'nack', 'drop')
    })
  }
)

/** A chain of operators between a sender and something behind it that the steps decide for. */
class Balance {
  readonly context = testContext()
  readonly harness: ProcessorHarness
  /** Items that the sender has back. */
  returned = 0
  /** Items that were sent, and not nacked. */
  gone = 0
  #behind: Batch[] = []

  constructor(links: readonly Link[]) {
    this.harness = new ProcessorHarness(inARow(links, this.context), this.context, {
      downstream: batch => {
        this.gone += batch.block.length
        this.#behind.push(batch)
      }
    }).open()
  }

  async do(step: Step): Promise<void> {
    if (step.do === 'push') this.#push(step.values)
    else if (step.do === 'wait') await this.harness.advance(step.ms)
    else this.#end(step.which, step.by)
    this.assertBalanced()
  }

  /** Another one has the batches inside. */
  release(): void {
    const { account } = this.context
    const before = account.sent
    this.harness.held!.release()
    this.gone += account.sent - before
    this.harness.abandon(FULL)
  }

  /** All that it has sent is taken from now on. */
  async takeAll(): Promise<void> {
    for (let i = 0; i < MOST_ROUNDS && (i === 0 || this.context.account.inFlight > 0); i++) {
      for (const batch of this.#behind.splice(0)) batch.ack()
      await turns(MOST_TURNS)
      await this.harness.advance(LONG_MS)
    }
    for (const batch of this.#behind.splice(0)) batch.ack()
  }

  assertBalanced(): void {
    const { account } = this.context
    assert.equal(account.imbalance, 0)
    assert.ok(account.inFlight >= 0)
  }

  assertSettled(): void {
    const { account, heldCredits } = this.context
    assert.deepEqual([heldCredits.used, account.inFlight, account.imbalance], [0, 0, 0])
    assert.deepEqual([account.sent, account.refused], [this.gone, this.returned])
  }

  #push(values: readonly number[]): void {
    const points = values.map(value => ({ name: 'm', value }))
    const batch = Batch.of({ source: 'test' }, pointsOf(this.context, points, 0, {}), ({ status }) => {
      if (status === 'nacked') this.returned += values.length
    })
    this.harness.push(batch)
  }

  #end(which: number, by: 'ack' | 'nack' | 'drop'): void {
    if (this.#behind.length === 0) return
    const [batch] = this.#behind.splice(which % this.#behind.length, 1)
    if (by === 'ack') batch.ack()
    else if (by === 'drop') batch.drop('rejected', 1)
    else {
      this.gone -= batch.block.length
      batch.nack(FULL)
    }
  }
}

const runs = {
  numRuns: Number(process.env.RUNS ?? 300),
  ...(process.env.SEED ? { seed: Number(process.env.SEED), path: process.env.FCPATH } : {})
}
const chain = fc.array(anyLink, { minLength: 1, maxLength: 4 })
const steps = fc.array(step, { minLength: 3, maxLength: 30, size: 'max' })

for (const end of ['abandon', 'finish', 'release'] as const)
  test(`the books of operators balance at each step, and after ${end}: senders have what was refused`, async () => {
    await fc.assert(
      fc.asyncProperty(chain, steps, async (links, steps) => {
        const balance = new Balance(links)
        for (const step of steps) await balance.do(step)
        if (end === 'abandon') balance.harness.abandon(FULL)
        else if (end === 'finish') void balance.harness.finish()
        else balance.release()
        balance.assertBalanced()
        await balance.takeAll()
        balance.assertSettled()
      }),
      runs
    )
  })
