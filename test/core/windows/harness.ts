import { USUAL_LIMITS } from '../../../core/model/sketch/exponential-counts.ts'
import { WindowEngine } from '../../../core/windows/engine.ts'
import type { RuleSettings, WindowSettings } from '../../../core/windows/settings.ts'
import type { Batch, PointBlock, Series } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { labelsOf, type TestPoint as Point, ProcessorUnderTest, pointsOf } from '../../processor-under-test.ts'

export const EPOCH = 1_700_000_000_000

export type TestPoint = Point & { readonly at: number }

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
  return new WindowHarness(() => new WindowEngine(settings, context), context)
}

/** A window engine with a virtual clock, and all points that it emits. */
export class WindowHarness extends ProcessorUnderTest {
  readonly outputs: Output[] = []
  /** The series of each output. */
  readonly series: Series[] = []

  async start(): Promise<this> {
    this.host.open()
    await this.processor.start?.(AbortSignal.abort())
    return this
  }

  /** Times in seconds after {@link EPOCH}. Returns how the batch was settled. */
  send(...points: TestPoint[]): Promise<string> {
    return this.sendBlock(this.block(points))
  }

  block(points: readonly TestPoint[]): PointBlock {
    return pointsOf(this.context, points, EPOCH, {})
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

  protected override record(batch: Batch): void {
    const block = batch.block as PointBlock
    for (let i = 0; i < block.length; i++) {
      const { metric, attributes } = block.series.at(i)
      this.series.push(block.series.at(i))
      this.outputs.push({
        series: `${metric.name}{${labelsOf(attributes)}}`,
        at: (block.time[i] - EPOCH) / 1000,
        value: block.value[i]
      })
    }
  }
}
