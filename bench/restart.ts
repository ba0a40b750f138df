// Restart with much state: windowed_counter counts a million groups, is saved, and a Weir with a journal starts from
// it. `node bench/restart.ts [--cumulative] [groups]`
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { realDisk } from '../core/journal/disk.ts'
import { writeCheckpoint } from '../core/pipeline/checkpoint/file.ts'
import plugin from '../processors/windowed_counter/index.ts'
import { type Metric, PointBlockBuilder, type Processor } from '../sdk/plugin/index.ts'
import { ProcessorHarness, testBatch, testConfig, testContext } from '../sdk/plugin/testing.ts'
import { freePort } from '../test/servers/free-port.ts'

const POINTS_PER_BLOCK = 10_000
const SECONDS_COUNTED = 3
const RUNS = 5
const METHODS = ['GET', 'PUT', 'POST', 'DELETE']
const RESOURCE = {
  attributes: [
    ['cloud.region', 'eu-central-1'],
    ['host.name', 'node-9'],
    ['service.instance.id', 'pod-4711'],
    ['service.name', 'checkout']
  ] as const,
  schemaUrl: ''
}
const SCOPE = { name: 'shop/http', version: '3.1.0', attributes: [], schemaUrl: '' }
const CONFIG = { windows: ['1s', '10s', '1m', '1h'] }
const root = path.join(import.meta.dirname, '..')

const isCumulative = process.argv.includes('--cumulative')
const groups = Number(process.argv.slice(2).find(argument => /^\d+$/.test(argument)) ?? 1_000_000)
const context = { ...testContext('windowed_counter'), durable: true }
context.clock.advanceTo(Date.now())

const weir = await counted()
const { bytes } = snapshotInSteps(weir)
const steps = leastOf(Array.from({ length: RUNS }, () => snapshotInSteps(weir).steps))
const snapshotMs = steps.reduce((sum, ms) => sum + ms, 0)
const fresh = create()
const [restoreMs] = timed(() => fresh.restore!(bytes))

const folder = mkdtempSync(path.join(tmpdir(), 'weir-bench-'))
const snapshots = new Map([['metrics/windowed_counter', bytes]])
await writeCheckpoint(realDisk, folder, {
  nextEntry: 0,
  time: context.clock.now(),
  snapshots,
  queuePositions: new Map()
})
const onDisk = statSync(path.join(folder, 'checkpoint')).size
// The first start compiles the sources for later ones.
await start()
const readyMs = await start()
rmSync(folder, { recursive: true })

console.log(`${groups} groups${isCumulative ? ' of cumulative series' : ''}, four window sizes:`)
console.log(`  snapshot ${snapshotMs.toFixed(0)} ms, ${(onDisk / 2 ** 20).toFixed(0)} MiB on disk`)
console.log(`    in ${steps.length} steps, the longest ${Math.max(...steps).toFixed(1)} ms`)
console.log(`  restore ${restoreMs.toFixed(0)} ms`)
console.log(`  ready ${readyMs.toFixed(0)} ms after the process began`)

function create(): Processor {
  return plugin.create(testConfig(plugin, CONFIG), context) as Processor
}

async function counted(): Promise<Processor> {
  const processor = create()
  const harness = new ProcessorHarness(processor, context).open()
  await processor.start!(AbortSignal.timeout(1000))
  const series = allSeries()
  for (let second = 0; second < SECONDS_COUNTED; second++) {
    for (let from = 0; from < groups; from += POINTS_PER_BLOCK) {
      const builder = new PointBlockBuilder(POINTS_PER_BLOCK)
      for (let i = from; i < Math.min(groups, from + POINTS_PER_BLOCK); i++)
        builder.add(series[i], context.clock.now(), 1 + second, context.clock.now() - 10_000)
      harness.push(testBatch(builder.build()).batch)
    }
    context.clock.advance(1000)
  }
  return processor
}

function allSeries() {
  const temporality = isCumulative ? 'cumulative' : 'delta'
  const metrics = Array.from({ length: 10 }, (_, i): Metric => {
    return { name: `shop.requests.${i}`, unit: '{request}', description: '', kind: 'counter', temporality }
  })
  return Array.from({ length: groups }, (_, id) => {
    const attributes = [
      ['http.method', METHODS[id % METHODS.length]],
      ['http.route', `/api/v2/items/${id % 40}`],
      ['http.status_code', String(200 + (id % 6))],
      ['partition', `p${Math.floor(id / 10)}`]
    ] as const
    return context.series.intern(metrics[id % 10], attributes, RESOURCE, SCOPE)
  })
}

/** Milliseconds until a Weir that starts from the checkpoint says that it is ready. */
async function start(): Promise<number> {
  const [otlpPort, adminPort] = [await freePort(), await freePort()]
  const config = path.join(folder, 'weir.yaml')
  writeFileSync(config, configOf(otlpPort, adminPort))
  const began = performance.now()
  const child = spawn(process.execPath, ['bin/weir.js', 'run', '--config', config], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  await new Promise(resolve => child.stdout.once('data', resolve))
  const ready = performance.now() - began
  child.kill('SIGKILL')
  await new Promise(resolve => child.once('exit', resolve))
  return ready
}

function configOf(otlpPort: number, adminPort: number): string {
  return `
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:${otlpPort} } } } }
processors: { windowed_counter: ${JSON.stringify(CONFIG)} }
exporters: { debug: { verbosity: none } }
service:
  admin: { endpoint: 127.0.0.1:${adminPort} }
  log: { level: warn }
  journal: { folder: ${folder} }
  pipelines: { metrics: { receivers: [otlp], processors: [windowed_counter], exporters: [debug] } }
`
}

function snapshotInSteps(processor: Processor) {
  const work = processor.snapshotInSteps!()
  const steps: number[] = []
  for (;;) {
    const [ms, { done, value }] = timed(() => work.next())
    steps.push(ms)
    if (done) return { bytes: value, steps }
  }
}

/** Of each step the quickest run: other processes have their turns, too. */
function leastOf(runs: readonly (readonly number[])[]): number[] {
  return runs[0].map((_, i) => Math.min(...runs.map(steps => steps[i])))
}

function timed<T>(run: () => T): [ms: number, result: T] {
  const began = performance.now()
  const result = run()
  return [performance.now() - began, result]
}
