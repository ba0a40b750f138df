// Points per second through cardinality_limiter: all within the limits, and most of them over.
// `node bench/cardinality.ts [part of a name]`
import plugin from '../processors/cardinality_limiter/index.ts'
import { Batch, type BatchProcessor, type Metric, type PointBlock, PointBlockBuilder } from '../sdk/plugin/index.ts'
import { type TestContext, testConfig, testContext } from '../sdk/plugin/testing.ts'

const POINTS = 1000
const PLACES = 10_000
const MANY = 1_000_000
/** Of series that come again, more: V8 compiles while the first thousand go through. */
const BATCHES_AGAIN = 20_000

const cases: [string, number, Partial<Metric>][] = [
  ['10,000 delta series, all have places', PLACES, {}],
  ['10,000 cumulative series, all have places', PLACES, { temporality: 'cumulative' }],
  ['1,000,000 delta series, 10,000 places', MANY, {}],
  ['1,000,000 cumulative series, 10,000 places', MANY, { temporality: 'cumulative' }]
]
for (const [name, series, metric] of cases) {
  if (!name.includes(process.argv[2] ?? '')) continue
  const { millions, heapMiB } = run(series, metric)
  console.log(`${millions.toFixed(2)} M points/s  ${name}; it remembers ${heapMiB.toFixed(1)} MiB as saved`)
}

function run(series: number, metric: Partial<Metric>): { millions: number; heapMiB: number } {
  const context = testContext()
  const processor = plugin.create(testConfig(plugin, {}), context) as BatchProcessor
  processor.open(batch => batch.ack())
  const distinct = series / POINTS
  const comesAgain = series <= PLACES
  // Made once, if they come again: making them between two batches would empty the caches of the CPU.
  const again = Array.from({ length: comesAgain ? distinct : 0 }, (_, i) => blockOf(context, i, series, metric))
  const batches = comesAgain ? BATCHES_AGAIN : distinct
  let spent = 0
  for (let batch = 0; batch < batches; batch++) {
    const block = again[batch % distinct] ?? blockOf(context, batch, series, metric)
    const begun = performance.now()
    processor.receive(Batch.of({ source: 'bench' }, block))
    spent += performance.now() - begun
    context.clock.advance(1000)
  }
  return { millions: (POINTS * batches) / spent / 1000, heapMiB: processor.snapshot!().length / 2 ** 20 }
}

function blockOf({ series, clock }: TestContext, batch: number, distinct: number, metric: Partial<Metric>): PointBlock {
  const full: Metric = { name: 'm', unit: '', description: '', kind: 'counter', temporality: 'delta', ...metric }
  const points = new PointBlockBuilder(POINTS)
  for (let i = 0; i < POINTS; i++) {
    const id = (batch * POINTS + i) % distinct
    const one = series.intern(full, [
      ['route', `/api/v1/items/${id % 50}`],
      ['user', `user-${id}`]
    ])
    points.add(one, clock.now(), 1, clock.now())
  }
  return points.build()
}
