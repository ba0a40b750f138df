// What windowed_counter costs alone: points a CPU second into windows and out of them, without network or decoding.
// `node bench/windows.ts [part of a name]`
import plugin from '../processors/windowed_counter/index.ts'
import { type PointBlock, PointBlockBuilder, type Processor, type Series } from '../sdk/plugin/index.ts'
import { ProcessorHarness, testBatch, testConfig, testContext } from '../sdk/plugin/testing.ts'

const SERIES = 50_000
const POINTS_PER_BLOCK = 1000
/** Every series has a point a second, for so long. */
const SECONDS = 40
const FIVE_MINUTES_SLIDING = { size: '5m', every: '1s' }
const CASES: Record<string, Record<string, unknown>> = {
  'the usual, four sizes': {},
  'min and max as well': { aggregations: ['sum', 'min', 'max'] },
  'quantiles of 1 %': { aggregations: ['quantiles'], by: ['route'] },
  'five minutes each minute': { windows: ['1s', '1m', { size: '5m', every: '1m' }] },
  'five minutes each second, by route': { windows: ['1s', FIVE_MINUTES_SLIDING], by: ['route'] },
  'three rules': { rules: [{}, { by: ['route'], name: 'a.{name}' }, { by: [], name: 'b.{name}' }] }
}

for (const [name, config] of Object.entries(CASES))
  if (name.includes(process.argv[2] ?? '')) console.log(`${(await run(config)).toFixed(2)} M points/CPU s  ${name}`)

/** Million points a CPU second, all that they cause included. */
async function run(config: Record<string, unknown>): Promise<number> {
  const context = testContext('windowed_counter')
  const processor = plugin.create(testConfig(plugin, config), context) as Processor
  const harness = new ProcessorHarness(processor, context).open()
  await processor.start!(AbortSignal.timeout(1000))
  const series = Array.from({ length: SERIES }, (_, id) =>
    context.series.intern(
      { name: 'shop.requests', unit: '{request}', description: '', kind: 'counter', temporality: 'delta' },
      [
        ['partition', `p${id}`],
        ['route', `/api/v2/items/${id % 40}`]
      ]
    )
  )
  const began = process.cpuUsage()
  for (let second = 0; second < SECONDS; second++) {
    for (let from = 0; from < SERIES; from += POINTS_PER_BLOCK)
      harness.push(testBatch(blockOf(series.slice(from, from + POINTS_PER_BLOCK), context.clock.now())).batch)
    context.clock.advance(1000)
  }
  const { user, system } = process.cpuUsage(began)
  return (SECONDS * SERIES) / (user + system)
}

function blockOf(series: readonly Series[], time: number): PointBlock {
  const builder = new PointBlockBuilder(series.length)
  for (const one of series) builder.add(one, time, 1)
  return builder.build()
}
