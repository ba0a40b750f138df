import { NO_ACCESS } from '../../../core/plugin/access.ts'
import plugin from '../../../processors/cardinality_limiter/index.ts'
import type { Batch, Distribution, PointBlock } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { labelsOf, made, ProcessorUnderTest, pointsOf, type TestPoint } from '../../processor-under-test.ts'

export type { TestPoint } from '../../processor-under-test.ts'

export const EPOCH = 1_700_000_000_000

export interface Output {
  /** `name{a=b}`, with attributes of the resource before a `|`. */
  readonly series: string
  readonly at: number
  readonly start: number
  readonly value: number
  readonly distribution: Distribution | undefined
}

/** A limiter as its host runs it, and all it emits. */
export class Harness extends ProcessorUnderTest {
  readonly outputs: Output[] = []

  constructor(config: Record<string, unknown>, now?: number, access = NO_ACCESS) {
    const context = Object.assign(testContext('cardinality_limiter'), { access })
    if (now !== undefined) context.clock.advance(now - context.clock.now())
    super(made(plugin, config), context)
    this.host.open()
  }

  send(...points: TestPoint[]): Promise<string> {
    return this.sendBlock(this.block(points))
  }

  block(points: readonly TestPoint[]): PointBlock {
    return pointsOf(this.context, points, EPOCH, { name: 'm' })
  }

  advance(seconds: number): void {
    this.context.clock.advance(seconds * 1000)
  }

  /** Outputs of one series, or of all. */
  of(series: string): Output[] {
    return this.outputs.filter(output => output.series === series)
  }

  sumOf(...series: string[]): number {
    return this.outputs.reduce((sum, output) => sum + (series.includes(output.series) ? output.value : 0), 0)
  }

  /** The next process, which knows only the bytes. */
  restarted(config: Record<string, unknown>): Harness {
    const fresh = new Harness(config, this.context.clock.now())
    fresh.processor.restore!(this.processor.snapshot!())
    return fresh
  }

  /** What it tells of cardinality. */
  report(): Report {
    return structuredClone(this.context.reports.get('cardinality')!()) as Report
  }

  protected override record(batch: Batch): void {
    const block = batch.block as PointBlock
    for (let i = 0; i < block.length; i++) {
      const { metric, attributes, resource } = block.series.at(i)
      const ofResource = labelsOf(resource.attributes)
      this.outputs.push({
        series: `${ofResource === '' ? '' : `${ofResource}|`}${metric.name}{${labelsOf(attributes)}}`,
        at: (block.time[i] - EPOCH) / 1000,
        start: block.start[i] === 0 ? 0 : (block.start[i] - EPOCH) / 1000,
        value: block.value[i],
        distribution: block.distributions.get(i)
      })
    }
  }
}

export interface Report {
  readonly admitted: number
  readonly metrics: {
    readonly name: string
    readonly demand: number
    readonly admitted: number
    readonly isOverLimit: boolean
    /** Unix ms. */
    readonly overSince?: number
    readonly pointsOverLimit: number
    readonly pointsFolded: number
    readonly labels: { readonly name: string; readonly values: number; readonly samples: string[] }[]
  }[]
  readonly tenants: { readonly name: string; readonly series: number }[]
}

/** Increments of cumulative outputs, as a store that knows start times and resets adds them up; by series. */
export function increments(outputs: readonly Output[]): Map<string, number> {
  const sums = new Map<string, number>()
  const last = new Map<string, Output>()
  for (const output of outputs) {
    const before = last.get(output.series)
    const isNew = before === undefined || output.start > before.start || output.value < before.value
    sums.set(output.series, (sums.get(output.series) ?? 0) + output.value - (isNew ? 0 : before.value))
    last.set(output.series, output)
  }
  return sums
}
