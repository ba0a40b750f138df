import plugin from '../../../processors/dedup/index.ts'
import type { Batch, Block, EventBlock, Metric, Origin, PointBlock, Processor } from '../../../sdk/plugin/index.ts'
import { PointBlockBuilder, sortAttributes } from '../../../sdk/plugin/index.ts'
import { ProcessorHarness, type TestContext, testBatch, testConfig, testContext } from '../../../sdk/plugin/testing.ts'

export const EPOCH = 1_700_000_000_000

export interface TestPoint {
  /** Seconds after {@link EPOCH}. */
  readonly at: number
  readonly value?: number
  readonly name?: string
  readonly attributes?: Record<string, string | number>
  readonly resource?: Record<string, string | number>
  readonly metric?: Partial<Metric>
  readonly start?: number
}

/** A dedup processor as its host runs it: what came out, and how what went in was settled. */
export class Harness {
  readonly context: TestContext
  readonly processor: Processor
  readonly host: ProcessorHarness
  /** Handles that came out. */
  readonly out: Batch[] = []
  /** Gauges, and counters that are read. */
  readonly readings = new Map<string, () => number>()
  readonly counters = new Map<string, number>()
  /** Called with each batch that comes out; by default it is acknowledged. */
  onBatch = (batch: Batch): void => batch.ack()

  constructor(config: Record<string, unknown>, now?: number) {
    const context = testContext('dedup')
    if (now !== undefined) context.clock.advance(now - context.clock.now())
    context.instruments.gauge = (name, _help, read) => void this.readings.set(name, read)
    context.instruments.counter = (name, _help, read) => {
      if (read !== undefined) this.readings.set(name, read)
      return { add: value => void this.counters.set(name, (this.counters.get(name) ?? 0) + value) }
    }
    this.context = context
    this.processor = plugin.create(testConfig(plugin, config), context) as Processor
    const downstream = (batch: Batch) => {
      this.out.push(batch)
      this.onBatch(batch)
    }
    this.host = new ProcessorHarness(this.processor, context, { downstream }).open()
  }

  /** Keeps what comes out in flight, until the test settles it. */
  hold(): this {
    this.onBatch = () => {}
    return this
  }

  /** The outcome's status, and for losses how many items: `acked`, `nacked`, `dropped 2`. */
  send(block: Block, origin?: Origin): Promise<string> {
    const { batch, settled } = testBatch(block, origin)
    this.host.push(batch)
    return settled.then(outcome => (outcome.status === 'dropped' ? `dropped ${outcome.items}` : outcome.status))
  }

  sendIds(...ids: (string | undefined)[]): Promise<string> {
    return this.send(eventsOf(ids))
  }

  /** What the last batch had, by event name or metric name. */
  get last(): Block {
    return this.out.at(-1)!.block
  }

  get lastIds(): readonly (string | undefined)[] {
    return (this.last as EventBlock).id
  }

  get dropped(): Record<string, number> {
    return Object.fromEntries(this.context.account.dropped)
  }

  points(...points: TestPoint[]): PointBlock {
    const builder = new PointBlockBuilder()
    for (const { at, value = 1, name = 'm', attributes = {}, resource = {}, metric, start } of points) {
      const full: Metric = { name, unit: '', description: '', kind: 'counter', temporality: 'cumulative', ...metric }
      const series = this.context.series.intern(full, sortAttributes(Object.entries(attributes)), {
        attributes: sortAttributes(Object.entries(resource)),
        schemaUrl: ''
      })
      builder.add(series, EPOCH + at * 1000, value, start === undefined ? 0 : EPOCH + start * 1000)
    }
    return builder.build()
  }

  /** The next process, which knows only the bytes. */
  restarted(config: Record<string, unknown>): Harness {
    const fresh = new Harness(config, this.context.clock.now())
    fresh.processor.restore!(this.processor.snapshot!())
    return fresh
  }
}

export function eventsOf(
  ids: readonly (string | undefined)[],
  attributes: readonly Record<string, string | number>[] = []
): EventBlock {
  return {
    type: 'events',
    length: ids.length,
    time: new Float64Array(ids.length).fill(EPOCH),
    name: ids.map(() => 'e'),
    id: ids,
    attributes: ids.map((_, i) => sortAttributes(Object.entries(attributes[i] ?? {}))),
    value: new Float64Array(ids.length).fill(1)
  }
}
