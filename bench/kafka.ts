// CPU of Weir for each point over Apache Kafka, beside OTLP/HTTP, in one run: `npm run bench:kafka`. A gateway writes what a load
// generator sends, and an aggregator reads it into windows. Of the broker too: what it needs on its disk and of a core.
import { globSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../test/servers/free-port.ts'
import { kafkaJars, startKafka } from '../test/servers/kafka.ts'
import { Load } from './programs/load.ts'
import { ProgramProcess } from './programs/process.ts'

const ROOT = path.join(import.meta.dirname, '..')
const FLOOD_MS = 20_000
const WARM_UP_MS = 4000
const SERIES = 50_000
const PARTITIONS = 4
const POLL_MS = 100
const WINDOWS =
  'windowed_counter: { by: [http.route, http.response.status_code], windows: [10s], allowed_lateness: 2s, max_future_skew: 1h }'

const jars = await kafkaJars()
if (jars.skip) throw new Error(jars.skip)
const folder = mkdtempSync(path.join(tmpdir(), 'weir-bench-kafka-'))
const kafka = await startKafka(jars.path)
const otlp = `otlp: { protocols: { http: { endpoint: 127.0.0.1:${await freePort()} } } }`
const brokers = `brokers: ['${kafka.broker}']`
try {
  const direct = await flooded('OTLP/HTTP → windows', otlp, WINDOWS, 'debug: { verbosity: none }')
  const gateway = await flooded(
    'OTLP/HTTP → Kafka',
    otlp,
    '',
    `kafka: { ${brokers}, topic: bench, partitions: ${PARTITIONS} }`
  )
  console.log(
    `${''.padEnd(22)} ${(bytesOf('bench-*') / gateway.points).toFixed(1)} bytes a point on the disk of a broker`
  )
  const read = await aggregated(gateway.points)
  console.log(
    `Kafka → windows has ${(direct.microseconds / read).toFixed(2)} x of the points per CPU second of OTLP/HTTP → windows`
  )
  console.log(
    `Kafka → windows and the gateway together need ${((read + gateway.microseconds) / direct.microseconds).toFixed(2)} x of its CPU`
  )
} finally {
  await kafka.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** Bytes of topics in the folder of the broker, without indexes. */
function bytesOf(topics: string): number {
  const logs = globSync(path.join(kafka.dataFolder, topics, '*.log'))
  return logs.reduce((sum, file) => sum + statSync(file).size, 0)
}

/** A Weir that a load generator floods. Resolves to the CPU of one point, and to the points of the whole run. */
async function flooded(name: string, receiver: string, processors: string, exporter: string) {
  const weir = await start(receiver, processors, exporter)
  const url = `http://${/127\.0\.0\.1:\d+/.exec(receiver)![0]}/v1/metrics`
  const load = await Load.start({ kind: 'otlp', url, series: SERIES, temporality: 'delta', variant: 'in order' })
  try {
    const warm = await load.run({ kind: 'flood', ms: WARM_UP_MS })
    const before = weir.cpu
    const sent = await load.run({ kind: 'flood', ms: FLOOD_MS })
    const { user, system } = weir.cpu
    const microseconds = ((user - before.user + system - before.system) * 1e6) / sent.points
    report(name, microseconds, (sent.points / sent.ms) * 1000)
    return { microseconds, points: warm.points + sent.points }
  } finally {
    await load.stop()
    await weir.stop()
  }
}

/** Reads all that the gateway wrote. Resolves to the CPU of one point, in µs; the first part warms up. */
async function aggregated(points: number): Promise<number> {
  const receiver = `kafka: { ${brokers}, topic: bench, group: bench }`
  const weir = await start(receiver, WINDOWS, 'debug: { verbosity: none }')
  try {
    const warm = await taken(weir, points / 2)
    const [before, begun] = [weir.cpu, performance.now()]
    const all = await taken(weir, points)
    const { user, system } = weir.cpu
    const microseconds = ((user - before.user + system - before.system) * 1e6) / (all - warm)
    report('Kafka → windows', microseconds, ((all - warm) / (performance.now() - begun)) * 1000)
    return microseconds
  } finally {
    await weir.stop()
  }
}

async function taken({ admin }: Running, points: number): Promise<number> {
  for (;;) {
    const text = await (await fetch(`${admin}/metrics`)).text()
    const found = /^weir_received_items_total\{kind="processor",component="windowed_counter".*\} (\d+)$/m.exec(text)
    if (Number(found?.[1] ?? 0) >= points) return Number(found![1])
    await setTimeout(POLL_MS)
  }
}

type Running = ProgramProcess & { readonly admin: string }

async function start(receiver: string, processors: string, exporter: string): Promise<Running> {
  const admin = `127.0.0.1:${await freePort()}`
  const file = path.join(folder, 'weir.yaml')
  const id = (component: string) => component.split(':')[0].trim()
  writeFileSync(
    file,
    `
receivers:
  ${receiver}
processors: {${processors}}
exporters:
  ${exporter}
service:
  admin: { endpoint: ${admin} }
  pipelines:
    metrics: { receivers: [${id(receiver)}], processors: [${id(processors)}], exporters: [${id(exporter)}] }
`
  )
  const command = [process.execPath, path.join(ROOT, 'bin/weir.js'), 'run', '--config', file]
  const started = await ProgramProcess.start(command, folder, `http://${admin}/readyz`)
  return Object.assign(started, { admin: `http://${admin}` })
}

function report(name: string, microseconds: number, perSecond: number): void {
  console.log(
    `${name.padEnd(22)} ${microseconds.toFixed(3)} µs of CPU a point, ${(perSecond / 1e6).toFixed(2)} M points/s`
  )
}
