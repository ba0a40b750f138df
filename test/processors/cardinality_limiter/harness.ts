import plugin from '../../../processors/cardinality_limiter/index.ts'
import type { Batch, Block, Distribution, Metric, PointBlock, Processor } from '../../../sdk/plugin/index.ts'
import { PointBlockBuilder, sortAttributes } from '../../../sdk/plugin/index.ts'
import { ProcessorHarness, type TestContext, testBatch, testConfig, testContext } from '../../../sdk/plugin/testing.ts'

export const EPOCH = 1_700_000_000_000

export interface TestPoint {
  /** Seconds after {@link EPOCH}; now where left out. */
  readonly at?: number
  readonly value?: number
  readonly name?: string
  readonly attributes?: Record<string, string>
  readonly resource?: Record<string, string>
  readonly metric?: Partial<Metric>
  /** Seconds after {@link EPOCH}. */
  readonly start?: number
  readonly distribution?: Distribution
  readonly flags?: number
}

export interface Output {
  /** `name{a=b}`, with attributes of the resource before a `|`. */
  readonly series: string
  readonly at: number
  readonly start: number
  readonly value: number
  readonly distribution: Distribution | undefined
}

/** A limiter as its host runs it, and all it puts out. */
export class Harness {
  readonly context: TestContext
  readonly processor: Processor
  readonly host: ProcessorHarness
  readonly outputs: Output[] = []
  /** Gauges, and counters that are read. */
  readonly readings = new Map<string, () => number>()
  readonly counters = new Map<string, number>()
  onBatch = (batch: Batch): void => batch.ack()

  constructor(config: Record<string, unknown>, now?: number) {
    const context = testContext('cardinality_limiter')
    if (now !== undefined) context.clock.advance(now - context.clock.now())
    context.instruments.gauge = (name, _help, read) => void this.readings.set(name, read)
    context.instruments.counter = (name, _help, read) => {
      if (read !== undefined) this.readings.set(name, read)
      return { add: value => void this.counters.set(name, (this.counters.get(name) ?? 0) + value) }
    }
    this.context = context
    this.processor = plugin.create(testConfig(plugin, config), context) as Processor
    const downstream = (batch: Batch) => {
      this.#record(batch.block as PointBlock)
      this.onBatch(batch)
    }
    this.host = new ProcessorHarness(this.processor, context, { downstream }).open()
  }

  send(...points: TestPoint[]): Promise<string> {
    return this.sendBlock(this.block(points))
  }

  sendBlock(block: Block): Promise<string> {
    const { batch, settled } = testBatch(block)
    this.host.push(batch)
    return settled.then(outcome => (outcome.status === 'dropped' ? `dropped ${outcome.items}` : outcome.status))
  }

  block(points: readonly TestPoint[]): PointBlock {
    const builder = new PointBlockBuilder()
    for (const {
      at,
      value = 1,
      name = 'm',
      attributes = {},
      resource = {},
      metric,
      start,
      distribution,
      flags
    } of points) {
      const full: Metric = { name, unit: '', description: '', kind: 'counter', temporality: 'delta', ...metric }
      const series = this.context.series.intern(full, sortAttributes(Object.entries(attributes)), {
        attributes: sortAttributes(Object.entries(resource)),
        schemaUrl: ''
      })
      const time = at === undefined ? this.context.clock.now() : EPOCH + at * 1000
      const begun = start === undefined ? 0 : EPOCH + start * 1000
      if (distribution === undefined) builder.add(series, time, value, begun, flags)
      else builder.addDistribution(series, time, distribution, begun, flags)
    }
    return builder.build()
  }

  advance(seconds: number): void {
    this.context.clock.advance(seconds * 1000)
  }

  get dropped(): Record<string, number> {
    return Object.fromEntries(this.context.account.dropped)
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

  #record(block: PointBlock): void {
    for (let i = 0; i < block.length; i++) {
      const { metric, attributes, resource } = block.series[i]
      const labels = attributes.map(pair => pair.join('=')).join()
      const ofResource = resource.attributes.map(pair => pair.join('=')).join()
      this.outputs.push({
        series: `${ofResource === '' ? '' : `${ofResource}|`}${metric.name}{${labels}}`,
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
