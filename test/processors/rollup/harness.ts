import assert from 'node:assert/strict'
import plugin from '../../../processors/rollup/index.ts'
import type { Batch, Block, Distribution, Metric, PointBlock, Processor } from '../../../sdk/plugin/index.ts'
import { PointBlockBuilder, sortAttributes } from '../../../sdk/plugin/index.ts'
import { ProcessorHarness, type TestContext, testBatch, testConfig, testContext } from '../../../sdk/plugin/testing.ts'

/** A midnight, Unix ms. */
export const EPOCH = 1_700_006_400_000
const STEP_MS = 100

/** A point as tests write it: time in seconds after the epoch of the harness. */
export interface TestPoint {
  readonly at: number
  readonly value?: number
  readonly distribution?: Distribution
  readonly attributes?: Record<string, string>
  readonly metric?: Partial<Metric>
}

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

/** A rollup over as many starts as wanted, and all it puts out. */
export class Harness {
  readonly outputs: Output[] = []
  readonly blocks: Block[] = []
  #config: Record<string, unknown>
  #epoch: number
  #context!: TestContext
  #processor!: Processor
  #harness!: ProcessorHarness

  constructor(config: Record<string, unknown> = {}, epoch = EPOCH) {
    this.#config = config
    this.#epoch = epoch
  }

  get context(): TestContext {
    return this.#context
  }

  async start(state?: Uint8Array): Promise<this> {
    const now = this.#context?.clock.now() ?? this.#epoch
    this.#context = { ...testContext('rollup'), durable: true }
    this.#context.clock.advanceTo(now)
    this.#processor = plugin.create(testConfig(plugin, this.#config), this.#context) as Processor
    if (state !== undefined) this.#processor.restore!(state)
    await this.#processor.start?.(new AbortController().signal)
    const downstream = (batch: Batch) => {
      this.#record(batch.block as PointBlock)
      batch.ack()
    }
    this.#harness = new ProcessorHarness(this.#processor, this.#context, { downstream }).open()
    return this
  }

  snapshot(): Uint8Array {
    return this.#processor.snapshot!()
  }

  /** Goes on in a process that knows the snapshot alone. */
  async restart(): Promise<void> {
    const state = this.snapshot()
    await this.#harness.finish()
    await this.#processor.stop?.(new AbortController().signal)
    this.assertBalanced()
    await this.start(state)
  }

  /** Returns how the batch was settled. */
  send(points: readonly TestPoint[], source = 'test'): Promise<string> {
    return this.sendBlock(this.block(points), source)
  }

  sendBlock(block: Block, source = 'test'): Promise<string> {
    const { batch, settled } = testBatch(block, { source })
    this.#harness.push(batch)
    return settled.then(outcome => outcome.status)
  }

  block(points: readonly TestPoint[]): PointBlock {
    const builder = new PointBlockBuilder()
    for (const { at, value = 1, distribution, attributes = {}, metric } of points) {
      const full: Metric = {
        name: 'requests',
        unit: '',
        description: '',
        kind: 'counter',
        temporality: 'delta',
        ...metric
      }
      const series = this.#context.series.intern(full, sortAttributes(Object.entries(attributes)))
      if (distribution === undefined) builder.add(series, this.#epoch + at * 1000, value)
      else builder.addDistribution(series, this.#epoch + at * 1000, distribution)
    }
    return builder.build()
  }

  /** Moves the clock to `seconds` after the epoch, in steps. */
  advanceTo(seconds: number, stepMs = STEP_MS): void {
    const { clock } = this.#context
    while (clock.now() < this.#epoch + seconds * 1000) clock.advance(stepMs)
  }

  /** What came out of a tier of a metric. */
  of(tier: string, name = 'requests'): Output[] {
    return this.outputs.filter(output => output.tier === tier && output.name === name)
  }

  assertBalanced(): void {
    assert.equal(this.#context.account.imbalance, 0)
  }

  #record(block: PointBlock): void {
    this.blocks.push(block)
    for (let i = 0; i < block.length; i++) {
      const { metric, attributes } = block.series[i]
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
  }
}
