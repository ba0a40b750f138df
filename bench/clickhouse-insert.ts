// Points per second into the embedded ClickHouse, disk included, and how much of that time the event loop was busy.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Config } from '../exporters/clickhouse/config.ts'
import clickhouse from '../exporters/clickhouse/index.ts'
import { type Block, PointBlockBuilder, type Series, type SeriesTable } from '../sdk/plugin/index.ts'
import { testConfig, testContext } from '../sdk/plugin/testing.ts'

const START_MS = 1_760_000_000_000
const SERIES = 2_000
const BLOCKS = 20

const HISTOGRAM = {
  kind: 'histogram',
  count: 60,
  sum: 0,
  min: 1,
  max: 90,
  bounds: [1, 2, 5, 10, 20, 50],
  counts: [10, 9, 8, 7, 6, 10, 10]
} as const

const cases: [name: string, schema: Config['schema'], points: number, histograms: boolean][] = [
  ['compact, counters, blocks of 10,000', 'compact', 10_000, false],
  ['compact, counters, blocks of 50,000', 'compact', 50_000, false],
  ['compact, histograms, blocks of 10,000', 'compact', 10_000, true],
  ['otel, counters, blocks of 10,000', 'otel', 10_000, false]
]

for (const [name, schema, points, histograms] of cases) {
  const folder = await mkdtemp(join(tmpdir(), 'weir-bench-clickhouse-'))
  const context = testContext()
  const config = testConfig<Config>(clickhouse as never, { embedded: folder, schema, ttl: '0' })
  const exporter = clickhouse.create(config, context)
  await exporter.start?.(AbortSignal.timeout(60_000))
  const series = makeSeries(context.series, histograms)
  const blocks = Array.from({ length: BLOCKS + 1 }, (_, i) => makeBlock(series, points, i, histograms))
  await exporter.export(blocks.pop()!, AbortSignal.timeout(60_000))
  console.log(name.padEnd(40), await measure(exporter, blocks))
  await exporter.stop?.(AbortSignal.timeout(60_000))
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

async function measure(exporter: ReturnType<typeof clickhouse.create>, blocks: readonly Block[]): Promise<string> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const before = performance.eventLoopUtilization()
  const begun = performance.now()
  let points = 0
  for (const block of blocks) {
    await exporter.export(block, AbortSignal.timeout(60_000))
    points += block.length
  }
  const ms = performance.now() - begun
  const { utilization } = performance.eventLoopUtilization(before)
  delay.disable()
  const rate = `${(points / ms / 1000).toFixed(2)} M points/s`
  return `${rate}, event loop busy ${(utilization * 100).toFixed(0)} %, longest ${(delay.max / 1e6).toFixed(0)} ms`
}

function makeSeries(registry: SeriesTable, histograms: boolean): Series[] {
  const kind = histograms ? ('histogram' as const) : ('counter' as const)
  const metric = {
    name: 'http_requests',
    unit: '1',
    description: 'Requests served',
    kind,
    temporality: 'delta'
  } as const
  const resource = { attributes: [['service.name', 'shop'] as const], schemaUrl: '' }
  return Array.from({ length: SERIES }, (_, i) =>
    registry.intern(
      metric,
      [
        ['method', 'GET'],
        ['route', `/route/${i}`],
        ['window', '10s']
      ],
      resource
    )
  )
}

function makeBlock(series: readonly Series[], points: number, block: number, histograms: boolean): Block {
  const builder = new PointBlockBuilder(points)
  for (let i = 0; i < points; i++) {
    const step = Math.floor((block * points + i) / series.length)
    const time = START_MS + step * 10_000
    const of = series[i % series.length]
    if (!histograms) builder.add(of, time, (i * 7919) % 1000, time - 10_000)
    else builder.addDistribution(of, time, { ...HISTOGRAM, sum: i }, time - 10_000)
  }
  return builder.build()
}
