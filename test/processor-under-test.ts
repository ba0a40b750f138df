import type {
  Batch,
  Block,
  Distribution,
  Metric,
  Origin,
  PointBlock,
  Processor,
  ProcessorPlugin
} from '../sdk/plugin/index.ts'
import { NO_RESOURCE, PointBlockBuilder, sortAttributes } from '../sdk/plugin/index.ts'
import { ProcessorHarness, type TestContext, testConfig } from '../sdk/plugin/testing.ts'

/** A point as tests write it. */
export interface TestPoint {
  /** Seconds after the epoch of the test; now if left out. */
  readonly at?: number
  readonly value?: number
  readonly name?: string
  readonly attributes?: Readonly<Record<string, string | number>>
  readonly resource?: Readonly<Record<string, string | number>>
  readonly metric?: Partial<Metric>
  /** Seconds after the epoch of the test. */
  readonly start?: number
  readonly distribution?: Distribution
  readonly flags?: number
}

/** A processor as its host runs it. How its input was settled, and its output, are for tests to see. */
export class ProcessorUnderTest {
  readonly context: TestContext
  readonly processor: Processor
  readonly host: ProcessorHarness
  /** Gauges, and counters that are read. */
  readonly readings = new Map<string, () => number>()
  /** Called with each batch that comes out; by default it is acknowledged. */
  onBatch = (batch: Batch): void => batch.ack()

  constructor(make: (context: TestContext) => Processor, context: TestContext) {
    const { counter } = context.instruments
    context.instruments.gauge = (name, _help, read) => void this.readings.set(name, read)
    context.instruments.counter = (name, help, read) => {
      if (read !== undefined) this.readings.set(name, read)
      return counter(name, help, read)
    }
    this.context = context
    this.processor = make(context)
    const downstream = (batch: Batch) => {
      this.record(batch)
      this.onBatch(batch)
    }
    this.host = new ProcessorHarness(this.processor, context, { downstream })
  }

  /** The outcome's status, and for losses how many items: `acked`, `nacked`, `dropped 2`. */
  async sendBlock(block: Block, origin?: Origin): Promise<string> {
    const outcome = await this.host.send(block, origin)
    return outcome.status === 'dropped' ? `dropped ${outcome.items}` : outcome.status
  }

  get dropped(): Record<string, number> {
    return Object.fromEntries(this.context.account.dropped)
  }

  /** Sees each batch that comes out before {@link onBatch}, which may settle it. */
  protected record(_batch: Batch): void {}
}

/** For {@link ProcessorUnderTest}: makes the plugin's processor, by `config`. */
export const made =
  (plugin: ProcessorPlugin, config: Record<string, unknown>) =>
  (context: TestContext): Processor =>
    plugin.create(testConfig(plugin, config), context)

/** @param epoch Unix ms @param metric what the metrics are unless a point says otherwise */
export function pointsOf(
  { series: registry, clock }: TestContext,
  points: readonly TestPoint[],
  epoch: number,
  metric: Partial<Metric>
): PointBlock {
  const builder = new PointBlockBuilder()
  const timeOf = (seconds: number) => epoch + seconds * 1000
  // One object for each metric, as from a decoder: the registry puts each into words once.
  const metrics = new Map<string | undefined, Metric>()
  for (const point of points) {
    const shared = point.metric === undefined ? metrics.get(point.name) : undefined
    const own = shared ?? metricOf(point, metric)
    if (point.metric === undefined) metrics.set(point.name, own)
    const resource =
      point.resource === undefined ? NO_RESOURCE : { attributes: attributesOf(point.resource), schemaUrl: '' }
    const series = registry.intern(own, attributesOf(point.attributes), resource)
    const time = point.at === undefined ? clock.now() : timeOf(point.at)
    const start = point.start === undefined ? 0 : timeOf(point.start)
    if (point.distribution === undefined) builder.add(series, time, point.value ?? 1, start, point.flags)
    else builder.addDistribution(series, time, point.distribution, start, point.flags)
  }
  return builder.build()
}

function metricOf({ name, metric }: TestPoint, rest: Partial<Metric>): Metric {
  const named = { name: name ?? rest.name ?? 'requests', unit: '', description: '' }
  return { kind: 'counter', temporality: 'delta', ...rest, ...named, ...metric }
}

const attributesOf = (attributes: TestPoint['attributes'] = {}) => sortAttributes(Object.entries(attributes))

/** `a=1,b=2` */
export const labelsOf = (attributes: readonly (readonly [string, unknown])[]) =>
  attributes.map(([key, value]) => `${key}=${value}`).join()
