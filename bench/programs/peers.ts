import { existsSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../../test/servers/free-port.ts'
import { ProgramProcess } from './process.ts'
import type { Program, RunningProgram, Setup } from './program.ts'
import type { NullSink } from './sink.ts'

const POLL_MS = 100
/** A program that takes less than this share of a core, for so long, has nothing to do. */
const IDLE_SHARE = 0.05
const IDLE_MS = 500
/** A sink that got nothing for so long, besides the length of a window, has got everything. */
const QUIET_MS = 3000

/** The distribution with all components goes by its own name. */
export const OTELCOL = onPath('otelcol') === undefined ? 'otelcol-contrib' : 'otelcol'

export const vmagent: Program = {
  name: 'vmagent',
  version: () => versionOf('vmagent', 'github.com/VictoriaMetrics/VictoriaMetrics'),
  does: ({ scenario }) => scenario !== 'statsd',
  start: async setup => {
    const { folder, sink, case: work } = setup
    const address = `127.0.0.1:${await freePort()}`
    const command = [
      'vmagent',
      `-httpListenAddr=${address}`,
      `-remoteWrite.url=${sink.url}`,
      `-remoteWrite.tmpDataPath=${path.join(folder, 'queue')}`,
      ...(work.scenario === 'through' ? [] : [`-remoteWrite.streamAggr.config=${vmagentWindows(setup)}`])
    ]
    return running(await ProgramProcess.start(command, folder, `http://${address}/health`), setup, {
      otlpUrl: `http://${address}/opentelemetry/v1/metrics`,
      remoteWriteUrl: `http://${address}/api/v1/write`,
      temporality: work.scenario === 'through' ? 'cumulative' : 'delta',
      sums: totals => [totals.values]
    })
  }
}

export const otelcol: Program = {
  name: 'otelcol',
  version: () => versionOf(OTELCOL, 'go.opentelemetry.io/collector/otelcol'),
  // Its `interval` keeps the last value of each series, and with all attributes kept there is nothing to add up.
  does: ({ scenario }) => scenario !== 'windows-all' && scenario !== 'remote-write-by',
  start: async setup => {
    const { folder, case: work } = setup
    const [port, healthPort] = [await freePort(), await freePort()]
    const file = path.join(folder, 'otelcol.yaml')
    writeFileSync(file, otelcolConfig(setup, port, healthPort))
    const command = [OTELCOL, '--config', file]
    return running(await ProgramProcess.start(command, folder, `http://127.0.0.1:${healthPort}/`), setup, {
      otlpUrl: `http://127.0.0.1:${port}/v1/metrics`,
      statsdPort: port,
      temporality: 'cumulative',
      sums: totals => (work.scenario === 'through' ? [totals.values] : [])
    })
  }
}

type Known = Pick<RunningProgram, 'otlpUrl' | 'temporality' | 'sums'> & Partial<RunningProgram>

function running(started: ProgramProcess, { sink, case: work, windowSeconds }: Setup, known: Known): RunningProgram {
  const windowMs = work.scenario === 'through' ? 0 : windowSeconds * 1000
  return {
    process: started,
    remoteWriteUrl: '',
    statsdPort: 0,
    caughtUp: () => idle(started),
    drained: () => quiet(sink, windowMs + QUIET_MS),
    mustBeExact: false,
    checkBooks: async () => {},
    ...known
  }
}

const BY: ReadonlyMap<string, string> = new Map([
  ['windows-by', "by: ['http.route', 'http.status_code']"],
  ['remote-write-by', "by: ['http_route', 'http_status_code']"]
])

/** Incomplete windows, which vmagent otherwise leaves out at start and stop, count too. */
function vmagentWindows({ folder, case: work, windowSeconds }: Setup): string {
  const file = path.join(folder, 'windows.yaml')
  const by = BY.get(work.scenario) ?? ''
  // Increments of cumulative counters are differences to the sample before.
  const output = work.scenario === 'remote-write-by' ? 'increase' : 'sum_samples'
  const rule = [`- interval: ${windowSeconds}s`, by, `outputs: [${output}]`, 'flush_on_shutdown: true']
  writeFileSync(file, rule.filter(Boolean).join('\n  '))
  return file
}

function otelcolConfig({ sink, case: work, windowSeconds }: Setup, port: number, healthPort: number): string {
  const endpoint = `endpoint: 127.0.0.1:${port}`
  const windowed = work.scenario === 'windows-by' ? 'metricstransform, interval' : 'batch'
  const [receiver, processors, exporter] =
    work.scenario === 'statsd' ? ['statsd', '', 'nop'] : ['otlp', windowed, 'prometheusremotewrite']
  return `
receivers:
  ${receiver === 'statsd' ? `statsd: { ${endpoint}, aggregation_interval: ${windowSeconds}s }` : `otlp: { protocols: { http: { ${endpoint} } } }`}
processors:
  batch: {}
  interval: { interval: ${windowSeconds}s }
  metricstransform:
    transforms:
      - include: ^shop
        match_type: regexp
        action: update
        operations:
          - { action: aggregate_labels, label_set: [http.route, http.status_code], aggregation_type: sum }
exporters:
  nop: {}
  prometheusremotewrite: { endpoint: "${sink.url}" }
extensions:
  health_check: { endpoint: 127.0.0.1:${healthPort} }
service:
  extensions: [health_check]
  telemetry: { metrics: { level: none }, logs: { level: error } }
  pipelines:
    metrics: { receivers: [${receiver}], processors: [${processors}], exporters: [${exporter}] }
`
}

/** A program that has acknowledged points may process and send them later. */
export async function idle(started: ProgramProcess): Promise<void> {
  for (let share = 1; share > IDLE_SHARE; ) {
    const before = started.cpu
    await setTimeout(IDLE_MS)
    const { user, system } = started.cpu
    share = (user + system - before.user - before.system) / (IDLE_MS / 1000)
  }
}

async function quiet(sink: NullSink, ms: number): Promise<void> {
  const began = performance.now()
  while (performance.now() - Math.max(began, sink.lastRequestAt) < ms) await setTimeout(POLL_MS)
}

/** Programs written in Go carry the versions of their modules. Undefined if there is no such program on PATH. */
async function versionOf(binary: string, module: string): Promise<string | undefined> {
  const file = onPath(binary)
  if (file === undefined) return undefined
  const [, version = 'of unknown version'] =
    new RegExp(`\\t${module}\\tv(\\d+\\.\\d+\\.\\d+)`).exec(await readFile(file, 'latin1')) ?? []
  return version
}

function onPath(binary: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .map(folder => path.join(folder, binary))
    .find(file => existsSync(file))
}
