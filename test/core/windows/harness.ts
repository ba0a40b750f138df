import { USUAL_LIMITS } from '../../../core/model/sketch/exponential-counts.ts'
import { WindowEngine } from '../../../core/windows/engine.ts'
import type { RuleSettings, WindowSettings } from '../../../core/windows/settings.ts'
import type { Batch, Block, Metric, PointBlock, Processor, Series } from '../../../sdk/plugin/index.ts'
import { PointBlockBuilder, sortAttributes } from '../../../sdk/plugin/index.ts'
import { ProcessorHarness, type TestContext, testBatch, testContext } from '../../../sdk/plugin/testing.ts'

export const EPOCH = 1_700_000_000_000

/** A point as tests write it. */
export interface TestPoint {
  readonly at: number
  readonly value?: number
  readonly name?: string
  readonly attributes?: Record<string, string>
  readonly metric?: Partial<Metric>
  readonly start?: number
}

/** A point that came out: `name{a=b}` → value, at seconds after {@link EPOCH}. */
export interface Output {
  readonly series: string
  readonly at: number
  readonly value: number
}

/** Windows of one size that tumble. */
export const tumbling = (sizeMs: number) => ({ sizeMs, everyMs: sizeMs })

/** A rule that counts everything in windows of a second, but for `options`. */
export function ruleOf(options: Partial<RuleSettings> = {}): RuleSettings {
  return {
    match: undefined,
    by: undefined,
    without: [],
    aggregations: undefined,
    gauges: [],
    attribute: undefined,
    quantiles: [0.5],
    limits: USUAL_LIMITS,
    buckets: true,
    name: undefined,
    windows: [tumbling(1000)],
    windowAttribute: 'window',
    output: ['delta', 'cumulative'],
    late: 'add',
    amendMs: 600_000,
    maxGroups: 1_000_000,
    ...options
  }
}

export function settingsOf(...rules: readonly RuleSettings[]): WindowSettings {
  return { rules, allowedLatenessMs: 2000, idleTimeoutMs: 2000, maxSourceLagMs: 60_000, maxFutureSkewMs: 300_000 }
}

/** An engine that keeps its state between starts. */
export function durableEngine(settings: WindowSettings): WindowHarness {
  const context = { ...testContext('windows'), durable: true }
  return new WindowHarness(new WindowEngine(settings, context), context)
}

/** A window engine with a virtual clock, and all points that it emits. */
export class WindowHarness {
  readonly context: TestContext
  readonly outputs: Output[] = []
  /** Of each output. */
  readonly series: Series[] = []
  readonly processor: Processor
  readonly host: ProcessorHarness
  readonly batches: Batch[] = []
  /** The exporters. */
  onBatch = (batch: Batch): void => batch.ack()

  constructor(processor: Processor, context: TestContext) {
    this.context = context
    this.processor = processor
    const downstream = (batch: Batch) => {
      this.#record(batch.block as PointBlock)
      this.onBatch(batch)
    }
    this.host = new ProcessorHarness(this.processor, context, { downstream })
  }

  async start(): Promise<this> {
    this.host.open()
    await this.processor.start?.(AbortSignal.abort())
    return this
  }

  /** Times in seconds after {@link EPOCH}. Returns how the batch was settled. */
  send(...points: TestPoint[]): Promise<string> {
    return this.sendBlock(this.block(points))
  }

  sendBlock(block: Block): Promise<string> {
    const { batch, settled } = testBatch(block)
    this.host.push(batch)
    return settled.then(outcome => outcome.status)
  }

  block(points: readonly TestPoint[]): PointBlock {
    const builder = new PointBlockBuilder()
    for (const { at, value = 1, name = 'requests', attributes = {}, metric, start } of points) {
      const full: Metric = { name, unit: '', description: '', kind: 'counter', temporality: 'delta', ...metric }
      const series = this.context.series.intern(full, sortAttributes(Object.entries(attributes)))
      builder.add(series, EPOCH + at * 1000, value, start === undefined ? 0 : EPOCH + start * 1000)
    }
    return builder.build()
  }

  /** Moves the clock to `seconds` after the epoch; timers fire on the way. */
  advanceTo(seconds: number): void {
    this.context.clock.advanceTo(EPOCH + seconds * 1000)
  }

  /** Values by time of one series. */
  of(series: string): Record<number, number> {
    return Object.fromEntries(
      this.outputs.filter(output => output.series === series).map(({ at, value }) => [at, value])
    )
  }

  sumOf(series: string): number {
    return Object.values(this.of(series)).reduce((a, b) => a + b, 0)
  }

  #record(block: PointBlock): void {
    for (let i = 0; i < block.length; i++) {
      const { metric, attributes } = block.series[i]
      this.series.push(block.series[i])
      const labels = attributes.map(([key, value]) => `${key}=${value}`).join()
      this.outputs.push({
        series: `${metric.name}{${labels}}`,
        at: (block.time[i] - EPOCH) / 1000,
        value: block.value[i]
      })
    }
  }
}
