// PromQL's panels on the embedded ClickHouse: 10,000 series at 10 s, over an hour and a day, as they came and from a tier.
// `node bench/clickhouse-promql.ts [series] [hours]`; wall time, and the CPU time of the engine's process where /proc is.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Matcher } from '../core/promql/matcher.ts'
import type { OpenStore } from '../core/promql/queryable.ts'
import type { GridRequest, SampleStore } from '../core/promql/sample-store.ts'
import { beginningOf } from '../exporters/clickhouse/answer.ts'
import { EmbeddedBackend } from '../exporters/clickhouse/embedded.ts'
import clickhouse from '../exporters/clickhouse/index.ts'
import { PointBlockBuilder } from '../sdk/plugin/index.ts'
import { testConfig, testContext } from '../sdk/plugin/testing.ts'

const [SERIES = 10_000, HOURS = 24] = process.argv.slice(2).map(Number)
const HOUR_S = 3600
const INTERVAL_S = 10
const INSERT_S = 600
const RUNS = 10
const LIMITS = { maxSeries: 100_000, maxSamples: 50_000_000 }
/** A kernel's unit of CPU time. */
const TICK_MS = 10
const END_S = Math.floor(Date.now() / 1000 / HOUR_S) * HOUR_S
const METRIC = { name: 'http.requests', unit: '', description: '', kind: 'counter', temporality: 'cumulative' } as const

const folder = await mkdtemp(join(tmpdir(), 'weir-bench-promql-'))
const context = testContext()
const exporter = clickhouse.create(testConfig(clickhouse, { embedded: folder }), context)
const backend = new EmbeddedBackend(folder, 'weir', context)
await exporter.start?.(AbortSignal.timeout(60_000))
await makeTables()
await generate()
const store = await openStore()
for (const [hours, stepMs] of [
  [1, 15_000],
  [6, 60_000],
  [24, 300_000]
] as const) {
  await measure(`sum by (route) (rate(m[5m])), ${hours} h, step ${stepMs / 1000} s`, panel(hours, stepMs, 'rate'))
  await measure(`sum by (route) (m), ${hours} h, step ${stepMs / 1000} s`, panel(hours, stepMs, 'last'))
}
await backend.close()
await exporter.stop?.(AbortSignal.timeout(60_000))
await rm(folder, { recursive: true, force: true, maxRetries: 5 })

/** A point of each table: they are made when it comes. */
async function makeTables(): Promise<void> {
  const builder = new PointBlockBuilder()
  for (const attributes of [[], [['rollup', '1m']]] as const)
    builder.add(context.series.intern({ ...METRIC, name: 'other' }, attributes), Date.now(), 1)
  await exporter.export(builder.build(), AbortSignal.timeout(60_000))
}

async function generate(): Promise<void> {
  const begun = performance.now()
  const start = END_S - HOURS * HOUR_S
  const idOf = 'cityHash64(n, tier)'
  for (const [suffix, temporality, tier] of [
    ['', 'cumulative', 0],
    ['_1m', 'delta', 1]
  ] as const)
    await run(`INSERT INTO weir.series${suffix}
      SELECT '${METRIC.name}', ${idOf}, 'counter', '${temporality}', '', '',
        map('instance', 'i' || toString(intDiv(n, 100)), ${tier === 1 ? "'rollup', '1m'," : ''} 'route', '/r' || toString(n % 100)),
        map('service.name', 'shop'), '', '', map(), ${start}, ${END_S}
      FROM (SELECT number AS n, ${tier} AS tier FROM numbers(${SERIES}))`)
  for (let at = start; at < END_S; at += INSERT_S) {
    await insert(
      'samples',
      at,
      INTERVAL_S,
      `toFloat64(intDiv(ms, 10000) % 100000 * (1 + n % 7) + cityHash64(n, ms) % 3)`,
      0
    )
    await insert('samples_1m', at, 60, 'toFloat64(6 * (1 + n % 7))', 1)
  }
  // As the table is after some time. Merges under way would take time from queries.
  for (const table of ['samples', 'samples_1m']) await run(`OPTIMIZE TABLE weir.${table} FINAL`)
  console.log(
    `${SERIES} series of ${HOURS} h written and merged in ${((performance.now() - begun) / 1000).toFixed(0)} s`
  )
}

async function insert(table: string, at: number, interval: number, value: string, tier: number): Promise<void> {
  const steps = INSERT_S / interval
  await run(`INSERT INTO weir.${table}
    SELECT '${METRIC.name}', cityHash64(n, ${tier}), fromUnixTimestamp64Milli(ms), toDateTime64(${at}, 6), ${value}, 0
    FROM (SELECT number % ${SERIES} AS n,
      toInt64(1000 * (${at + interval} + ${interval} * intDiv(number, ${SERIES})) ${tier === 0 ? '- n % 9000' : ''}) AS ms
      FROM numbers(${steps * SERIES}))`)
}

async function run(sql: string): Promise<void> {
  await beginningOf(await backend.run(sql))
}

async function openStore(): Promise<SampleStore> {
  const queryable = exporter.queryable!
  const { default: open }: { default: OpenStore } = await import(queryable.module)
  return open(queryable.config, async function* (request, signal) {
    yield* await queryable.fetch(request, signal)
  })
}

function panel(hours: number, stepMs: number, func: 'rate' | 'last'): GridRequest {
  return {
    matchers: [new Matcher('__name__', '=', 'http_requests_total')],
    func,
    start: (END_S - hours * HOUR_S) * 1000,
    end: END_S * 1000,
    stepMs,
    rangeMs: 300_000,
    aggregate: { op: 'sum', grouping: ['route'], without: false },
    limits: LIMITS
  }
}

async function measure(name: string, request: GridRequest): Promise<void> {
  const times: number[] = []
  const remarks = new Set<string>()
  const note = { info: (text: string) => void remarks.add(text), warn: (text: string) => void remarks.add(text) }
  const cpu = await cpuMs()
  for (let i = 0; i < RUNS; i++) {
    const begun = performance.now()
    await store.grid!(request, note, AbortSignal.timeout(120_000))
    times.push(performance.now() - begun)
  }
  const cpuEach = ((await cpuMs()) - cpu) / RUNS
  times.sort((a, b) => a - b)
  const [median, longest] = [times[RUNS / 2], times[RUNS - 1]].map(ms => ms.toFixed(0))
  console.log(
    `${name.padEnd(50)} median ${median} ms, longest ${longest} ms, CPU ${cpuEach.toFixed(0)} ms ${[...remarks].join()}`
  )
}

/** CPU time of the engine's process so far; NaN where nobody knows. */
async function cpuMs(): Promise<number> {
  const pid = /^PID: (\d+)/.exec(await readFile(join(folder, 'status'), 'utf8'))?.[1]
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')')).split(' ')
  return (Number(fields[12]) + Number(fields[13])) * TICK_MS
}
