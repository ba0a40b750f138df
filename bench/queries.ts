// A dashboard of PromQL on the embedded ClickHouse, and on VictoriaMetrics with the same samples, in turns:
//
//     npm run bench:queries -- [--series 10000] [--hours 24] [--runs 10] [--keep] [--data FOLDER]
//
// With `--data` the samples are made once, and stay in the folder for the next time. Ingestion is not measured then.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { beginningOf } from '../exporters/clickhouse/answer.ts'
import { EmbeddedBackend } from '../exporters/clickhouse/embedded.ts'
import clickhouse from '../exporters/clickhouse/index.ts'
import { PointBlockBuilder } from '../sdk/plugin/index.ts'
import { testConfig, testContext } from '../sdk/plugin/testing.ts'
import { freePort } from '../test/servers/free-port.ts'
import { recentVictoriaMetricsProgram } from '../test/servers/victoria-metrics.ts'
import { Load } from './programs/load.ts'
import { ProgramProcess } from './programs/process.ts'
import { describeMachine } from './programs/results.ts'
import { ask, PANELS, type Store, VIEWS, type View } from './queries/dashboard.ts'
import { DAY_MS, type Extent, fillClickHouse, fillVictoriaMetrics, HOUR_MS } from './queries/samples.ts'

const RESULTS = path.join(import.meta.dirname, 'query-results.json')
const MAIN = path.join(import.meta.dirname, '../bin/weir.js')
/** Of the exporter: raw samples that are older are those of tiers. */
const TTL = '2d'
const LOAD_SERIES = 10_000
const LOAD_MS = 10_000
/** As ten thousand hosts send that have a hundred series each, every ten seconds. */
const POINTS_PER_SECOND = 100_000

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '10000' },
    hours: { type: 'string', default: '24' },
    runs: { type: 'string', default: '10' },
    keep: { type: 'boolean', default: false },
    data: { type: 'string' }
  }
})
const runs = Number(values.runs)
const { path: program, skip } = await recentVictoriaMetricsProgram()
if (skip) throw new Error(skip)
const folder = values.data ?? (await mkdtemp(path.join(os.tmpdir(), 'weir-bench-queries-')))
await mkdir(folder, { recursive: true })
const extentFile = path.join(folder, 'extent.json')
const known = await readFile(extentFile, 'utf8').catch(() => undefined)
const extent: Extent = known === undefined ? newExtent() : JSON.parse(known)
const started: ProgramProcess[] = []
try {
  if (known === undefined) await timed('ClickHouse', () => fillFolder())
  const victoriaMetrics = await startVictoriaMetrics()
  if (known === undefined) {
    await timed('VictoriaMetrics', () => fillVictoriaMetrics(victoriaMetrics.urls.cached, extent))
    for (const task of ['force_flush', 'force_merge']) await fetch(`${victoriaMetrics.urls.cached}/internal/${task}`)
    await writeFile(extentFile, JSON.stringify(extent))
  }
  const { store: weir, otlp } = await startWeir()
  const figures = await measureAll([weir, victoriaMetrics])
  const ingestion = values.data === undefined ? await measureIngestion(weir, otlp) : undefined
  if (values.keep)
    await writeFile(
      RESULTS,
      `${JSON.stringify({ machine: describeMachine(), series: extent.series, hours: extent.rawMs / HOUR_MS, runs, figures, ingestion }, null, 2)}\n`
    )
} finally {
  for (const one of started) await one.stop()
  if (values.data === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

function newExtent(): Extent {
  return {
    series: Number(values.series),
    end: Math.floor(Date.now() / HOUR_MS) * HOUR_MS,
    rawMs: Number(values.hours) * HOUR_MS,
    longMs: 30 * DAY_MS
  }
}

async function timed(name: string, work: () => Promise<unknown>): Promise<void> {
  const begun = performance.now()
  await work()
  console.log(`${name} is filled: ${((performance.now() - begun) / 1000).toFixed(0)} s, load ${loadAverage()}`)
}

function loadAverage(): string {
  return os.loadavg()[0].toFixed(1)
}

async function fillFolder(): Promise<void> {
  const data = path.join(folder, 'clickhouse')
  const context = testContext()
  const exporter = clickhouse.create(testConfig(clickhouse, { embedded: data, ttl: TTL }), context)
  await exporter.start?.(AbortSignal.timeout(60_000))
  const builder = new PointBlockBuilder()
  const metric = { name: 'other', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
  // Tables are made when a point of theirs comes.
  for (const attributes of [[], [['rollup', '1m']], [['rollup', '1h']]] as const)
    builder.add(context.series.intern(metric, attributes), Date.now(), 1)
  await exporter.export(builder.build(), AbortSignal.timeout(60_000))
  const backend = new EmbeddedBackend(data, 'weir', context)
  const samples = await fillClickHouse(async sql => void (await beginningOf(await backend.run(sql))), extent)
  console.log(`${samples} raw samples of ${extent.series} series`)
  await backend.close()
  await exporter.stop?.(AbortSignal.timeout(60_000))
}

async function startVictoriaMetrics(): Promise<Store> {
  const address = `127.0.0.1:${await freePort()}`
  const url = `http://${address}`
  const flags = [`-storageDataPath=${folder}/victoria-metrics`, `-httpListenAddr=${address}`, '-retentionPeriod=1y']
  started.push(await ProgramProcess.start([program, ...flags, '-search.latencyOffset=0s'], folder, `${url}/health`))
  return { name: 'VictoriaMetrics', urls: { cached: url, cold: url }, cold: { nocache: '1' } }
}

async function startWeir(): Promise<{ store: Store; otlp: string }> {
  const [admin, otlp, cached, cold] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const file = path.join(folder, 'weir.yaml')
  await writeFile(
    file,
    `
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:${otlp} } } } }
exporters: { clickhouse: { embedded: ${folder}/clickhouse, ttl: ${TTL}, queue: { max_batch: 50000 } } }
extensions:
  query_api: { endpoint: 127.0.0.1:${cached}, store: clickhouse }
  query_api/cold: { endpoint: 127.0.0.1:${cold}, store: clickhouse, cache_size: 0B }
service:
  admin: { endpoint: 127.0.0.1:${admin} }
  log: { level: warn }
  journal: { folder: ${folder}/journal }
  extensions: [query_api, query_api/cold]
  pipelines: { metrics: { receivers: [otlp], exporters: [clickhouse] } }
`
  )
  const command = [process.execPath, MAIN, 'run', '--config', file]
  started.push(await ProgramProcess.start(command, folder, `http://127.0.0.1:${admin}/readyz`))
  const urls = { cached: `http://127.0.0.1:${cached}`, cold: `http://127.0.0.1:${cold}` }
  return { store: { name: 'Weir', urls, cold: {} }, otlp: `http://127.0.0.1:${otlp}/v1/metrics` }
}

interface Figure {
  readonly view: string
  readonly panel: string
  readonly store: string
  /** ms. With nothing cached; again, as a dashboard that is refreshed; and one step later. */
  readonly cold: Quantiles
  readonly again: Quantiles
  readonly stepLater: Quantiles
}

interface Quantiles {
  readonly p50: number
  readonly p99: number
}

async function measureAll(stores: readonly Store[]): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const view of VIEWS) {
    for (const { name } of [...PANELS, { name: 'whole dashboard' }]) {
      const panels = PANELS.filter(panel => panel.name === name)
      for (const store of stores) {
        const asked = panels.length === 0 ? PANELS : panels
        const cold = await measure(store, 'cold', view, asked, view.stepS)
        const stepLater = await measure(store, 'cached', view, asked, view.stepS)
        const again = await measure(store, 'cached', view, asked, 0)
        figures.push({ view: view.name, panel: name, store: store.name, cold, again, stepLater })
        const shown = Object.entries({ cold, again, 'a step later': stepLater }).map(([how, { p50, p99 }]) =>
          `${how} ${p50.toFixed(0)} / ${p99.toFixed(0)}`.padEnd(how.length + 13)
        )
        console.log(
          `${view.name.padEnd(5)} ${name.padEnd(28)} ${store.name.padEnd(16)} ${shown.join(' ')} ms (p50 / p99), load ${loadAverage()}`
        )
      }
    }
  }
  return figures
}

/** All panels at once, again and again, each time so many seconds later. The first is not measured. */
async function measure(
  store: Store,
  kind: 'cached' | 'cold',
  view: View,
  panels: typeof PANELS,
  laterS: number
): Promise<Quantiles> {
  const took: number[] = []
  for (let run = 0; run <= runs; run++) {
    const endS = (extent.end - (extent.end % (view.stepS * 1000))) / 1000 - (runs - run) * laterS
    const begun = performance.now()
    await Promise.all(panels.map(panel => ask(store, kind, panel, view, endS)))
    if (run > 0) took.push(performance.now() - begun)
  }
  return quantilesOf(took)
}

function quantilesOf(values: number[]): Quantiles {
  values.sort((a, b) => a - b)
  const at = (q: number) => values[Math.min(values.length - 1, Math.floor(q * values.length))]
  return { p50: at(0.5), p99: at(0.99) }
}

/** Replies without queries, and while the dashboard is drawn again and again. */
async function measureIngestion(weir: Store, url: string) {
  const target = { kind: 'otlp', url, series: LOAD_SERIES, temporality: 'cumulative', variant: 'in order' } as const
  const load = await Load.start(target)
  try {
    const order = { kind: 'pace', ms: LOAD_MS, pointsPerSecond: POINTS_PER_SECOND } as const
    // New series, and code that is not compiled yet.
    await load.run(order)
    const alone = quantilesOf([...(await load.run(order)).replyMs])
    const [beside, dashboards] = await Promise.all([load.run(order), draw(weir)])
    const figures = {
      pointsPerSecond: POINTS_PER_SECOND,
      alone,
      withQueries: quantilesOf([...beside.replyMs]),
      refused: beside.refusedRequests,
      dashboards
    }
    console.log(`ingestion beside ${dashboards} dashboards: ${JSON.stringify(figures)}, load ${loadAverage()}`)
    return figures
  } finally {
    await load.stop()
  }
}

/** The dashboard of an hour, again and again, each time one step later. Returns how often. */
async function draw(weir: Store): Promise<number> {
  const until = performance.now() + LOAD_MS
  const [view] = VIEWS
  let dashboards = 0
  while (performance.now() < until) {
    const endS = extent.end / 1000 - view.lengthS + dashboards * view.stepS
    await Promise.all(PANELS.map(panel => ask(weir, 'cold', panel, view, endS)))
    dashboards++
  }
  return dashboards
}
