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

/** Processors in a row, each a chain of operators, between a sender and something behind them that the steps decide for. */
class Balance {
  readonly #stages: readonly ProcessorHarness[]
  /** Items that the sender has back. */
  #returned = 0
  /** Items that the last one sent, and that were not nacked. */
  #gone = 0
  /** Items that each handed over. */
  readonly #released: number[]
  #behind: Batch[] = []

  constructor(chains: readonly (readonly Link[])[]) {
    let next = (batch: Batch) => {
      this.#gone += batch.block.length
      this.#behind.push(batch)
    }
    const stages: ProcessorHarness[] = []
    for (const links of chains.toReversed()) {
      const context = testContext()
      const stage = new ProcessorHarness(inARow(links, context), context, { downstream: next }).open()
      stages.unshift(stage)
      next = batch => stage.push(batch)
    }
    this.#stages = stages
    this.#released = stages.map(() => 0)
  }

  async do(step: Step): Promise<void> {
    if (step.do === 'push') this.#push(step.values)
    else if (step.do === 'wait') await this.#advance(step.ms)
    else this.#end(step.which, step.by)
    this.assertBalanced()
  }

  abandon(): void {
    for (const stage of this.#stages) stage.abandon(FULL)
  }

  finish(): void {
    void this.#stages[0].finish().then(() => this.#stages.at(-1)!.finish())
  }

  /** Others have the batches inside. */
  release(): void {
    for (const [i, stage] of this.#stages.entries()) {
      const { account } = stage.context
      const before = account.sent
      stage.held!.release()
      this.#released[i] = account.sent - before
      stage.abandon(FULL)
    }
  }

  /** All that they have sent is taken from now on. */
  async takeAll(): Promise<void> {
    for (let i = 0; i < MOST_ROUNDS && (i === 0 || this.#isBusy); i++) {
      for (const batch of this.#behind.splice(0)) batch.ack()
      await turns(MOST_TURNS)
      await this.#advance(LONG_MS)
    }
    for (const batch of this.#behind.splice(0)) batch.ack()
  }

  assertBalanced(): void {
    for (const { account } of this.#contexts) {
      assert.equal(account.imbalance, 0)
      assert.ok(account.inFlight >= 0)
    }
  }

  /** What one sent the next one has received, and not refused. */
  assertSettled(): void {
    const contexts = this.#contexts
    for (const [i, { account, heldCredits }] of contexts.entries()) {
      const behind = contexts[i + 1]?.account
      const taken = behind === undefined ? this.#gone : behind.received - behind.refused
      assert.deepEqual([heldCredits.used, account.inFlight, account.imbalance], [0, 0, 0])
      assert.equal(account.sent - this.#released[i], taken)
    }
    assert.equal(contexts[0].account.refused, this.#returned)
  }

  get #contexts() {
    return this.#stages.map(({ context }) => context)
  }

  get #isBusy(): boolean {
    return this.#contexts.some(({ account }) => account.inFlight > 0)
  }

  async #advance(ms: number): Promise<void> {
    for (const stage of this.#stages) await stage.advance(ms)
  }

  #push(values: readonly number[]): void {
    const points = values.map(value => ({ name: 'm', value }))
    const block = pointsOf(this.#contexts[0], points, 0, {})
    const batch = Batch.of({ source: 'test' }, block, ({ status }) => {
      if (status === 'nacked') this.#returned += values.length
    })
    this.#stages[0].push(batch)
  }

  #end(which: number, by: 'ack' | 'nack' | 'drop'): void {
    if (this.#behind.length === 0) return
    const [batch] = this.#behind.splice(which % this.#behind.length, 1)
    if (by === 'ack') batch.ack()
    else if (by === 'drop') batch.drop('rejected', 1)
    else {
      this.#gone -= batch.block.length
      batch.nack(FULL)
    }
  }
}

const runs = {
  numRuns: Number(process.env.RUNS ?? 300),
  ...(process.env.SEED ? { seed: Number(process.env.SEED), path: process.env.FCPATH } : {})
}
const chains = fc.array(fc.array(anyLink, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 2 })
const steps = fc.array(step, { minLength: 3, maxLength: 30, size: 'max' })

for (const end of ['abandon', 'finish', 'release'] as const)
  test(`the books of operators balance at each step, and after ${end}: senders have what was refused`, async () => {
    await fc.assert(
      fc.asyncProperty(chains, steps, async (chains, steps) => {
        const balance = new Balance(chains)
        for (const step of steps) await balance.do(step)
        balance[end]()
        balance.assertBalanced()
        await balance.takeAll()
        balance.assertSettled()
      }),
      runs
    )
  })
