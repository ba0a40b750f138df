import assert from 'node:assert/strict'
import plugin from '../../../processors/rollup/index.ts'
import type { Batch, Block, Distribution, PointBlock } from '../../../sdk/plugin/index.ts'
import { type TestContext, testContext } from '../../../sdk/plugin/testing.ts'
import { made, ProcessorUnderTest, pointsOf, type TestPoint } from '../../processor-under-test.ts'

export type { TestPoint } from '../../processor-under-test.ts'

/** A midnight, Unix ms. */
export const EPOCH = 1_700_006_400_000
const STEP_MS = 100

/** A point that came out. */
export interface Output {
  readonly name: string
  readonly tier: string
  readonly isLate: boolean
  readonly attributes: Readonly<Record<string, unknown>>
  /** Seconds after the epoch of the harness. */
  readonly start: number
  readonly end: number
  readonly value: number
  readonly distribution: Distribution | undefined
}

/** A rollup over as many starts as wanted, and all it emits. */
export class Harness {
  readonly outputs: Output[] = []
  readonly blocks: Block[] = []
  #config: Record<string, unknown>
  #epoch: number
  #run: ProcessorUnderTest | undefined

  constructor(config: Record<string, unknown> = {}, epoch = EPOCH) {
    this.#config = config
    this.#epoch = epoch
  }

  get context(): TestContext {
    return this.#run!.context
  }

  async start(state?: Uint8Array): Promise<this> {
    const now = this.#run?.context.clock.now() ?? this.#epoch
    const context = { ...testContext('rollup'), durable: true }
    context.clock.advanceTo(now)
    const run = new ProcessorUnderTest(made(plugin, this.#config), context)
    run.onBatch = batch => this.#take(batch)
    if (state !== undefined) run.processor.restore!(state)
    await run.processor.start?.(new AbortController().signal)
    run.host.open()
    this.#run = run
    return this
  }

  snapshot(): Uint8Array {
    return this.#run!.processor.snapshot!()
  }

  /** Goes on in a process that knows the snapshot alone. */
  async restart(): Promise<void> {
    const state = this.snapshot()
    await this.#run!.host.finish()
    await this.#run!.processor.stop?.(new AbortController().signal)
    this.assertBalanced()
    await this.start(state)
  }

  /** Returns how the batch was settled. */
  send(points: readonly TestPoint[], source = 'test'): Promise<string> {
    return this.sendBlock(this.block(points), source)
  }

  sendBlock(block: Block, source = 'test'): Promise<string> {
    return this.#run!.sendBlock(block, { source })
  }

  block(points: readonly TestPoint[]): PointBlock {
    return pointsOf(this.context, points, this.#epoch, {})
  }

  /** Moves the clock to `seconds` after the epoch, in steps. */
  advanceTo(seconds: number, stepMs = STEP_MS): void {
    const { clock } = this.context
    while (clock.now() < this.#epoch + seconds * 1000) clock.advance(stepMs)
  }

  /** What came out of a tier of a metric. */
  of(tier: string, name = 'requests'): Output[] {
    return this.outputs.filter(output => output.tier === tier && output.name === name)
  }

  assertBalanced(): void {
    assert.equal(this.context.account.imbalance, 0)
  }

  #take(batch: Batch): void {
    const block = batch.block as PointBlock
    this.blocks.push(block)
    for (let i = 0; i < block.length; i++) {
      const { metric, attributes } = block.series.at(i)
      const { rollup, late, ...rest } = Object.fromEntries(attributes)
      this.outputs.push({
        name: metric.name,
        tier: String(rollup),
        isLate: late === 'true',
        attributes: rest,
        start: (block.start[i] - this.#epoch) / 1000,
        end: (block.time[i] - this.#epoch) / 1000,
        value: block.value[i],
        distribution: block.distributions.get(i)
      })
    }
    batch.ack()
  }
}
