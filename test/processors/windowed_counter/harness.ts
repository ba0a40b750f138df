import plugin from '../../../processors/windowed_counter/index.ts'
import type { Batch, PointBlock } from '../../../sdk/plugin/index.ts'
import { type TestContext, testContext } from '../../../sdk/plugin/testing.ts'
import { labelsOf, type TestPoint as Point, ProcessorUnderTest, pointsOf } from '../processor-under-test.ts'

export const EPOCH = 1_700_000_000_000

export type TestPoint = Point & { readonly at: number }

/** A point that came out: `name{a=b}` → value, at seconds after {@link EPOCH}. */
export interface Output {
  readonly series: string
  readonly at: number
  readonly value: number
}

/** A windowed counter with a virtual clock, and all it puts out. */
export class Harness extends ProcessorUnderTest {
  readonly outputs: Output[] = []

  constructor(config: Record<string, unknown>, context: TestContext = testContext('windowed_counter')) {
    super(plugin, config, context)
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
      const { metric, attributes } = block.series[i]
      this.outputs.push({
        series: `${metric.name}{${labelsOf(attributes)}}`,
        at: (block.time[i] - EPOCH) / 1000,
        value: block.value[i]
      })
    }
  }
}
