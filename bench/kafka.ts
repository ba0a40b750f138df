// CPU of Weir for each point over Apache Kafka, beside OTLP/HTTP, in one run of four minutes: `npm run bench:kafka`. A gateway
// writes what a load generator sends, and an aggregator reads it into windows, with each compression. Of the broker: its disk.
// If an otelcol with the exporter `kafka` is on PATH, it is a gateway too.
import { globSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { COMPRESSIONS } from '../exporters/kafka/config.ts'
import { freePort } from '../test/servers/free-port.ts'
import { kafkaJars, startKafka } from '../test/servers/kafka.ts'
import { Load } from './programs/load.ts'
import { hasOtelcolKafka, startOtelcolGateway } from './programs/otelcol-gateway.ts'
import { idle } from './programs/peers.ts'
import { ProgramProcess } from './programs/process.ts'

const ROOT = path.join(import.meta.dirname, '..')
const FLOOD_MS = 10_000
/** An aggregator reads it in a quarter of the time, and needs a part of that to warm up. */
const GATEWAY_FLOOD_MS = 20_000
const WARM_UP_MS = 4000
const SERIES = 50_000
const PARTITIONS = 4
// Each look takes a few milliseconds of the aggregator.
const POLL_MS = 500
const NAME_WIDTH = 30
const WINDOWS =
  'windowed_counter: { by: [http.route, http.response.status_code], windows: [10s], allowed_lateness: 2s, max_future_skew: 1h }'

/** The costs of a topic for each point. */
interface TopicCost {
  readonly compression: (typeof COMPRESSIONS)[number]
  /** µs of CPU. */
  readonly gateway: number
  readonly aggregator: number
  readonly diskBytes: number
  /** Written by the gateway. */
  readonly points: number
}

const jars = await kafkaJars()
if (jars.skip) throw new Error(jars.skip)
const folder = mkdtempSync(path.join(tmpdir(), 'weir-bench-kafka-'))
const kafka = await startKafka(jars.path)
const port = await freePort()
const otlp = `otlp: { protocols: { http: { endpoint: 127.0.0.1:${port} } } }`
const brokers = `brokers: ['${kafka.broker}']`
try {
  const direct = new Map<string, number>()
  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    const name = `OTLP/HTTP (${compression}) → windows`
    direct.set(
      compression,
      (await flooded(name, otlp, WINDOWS, 'debug: { verbosity: none }', compression)).microseconds
    )
  }
  const topics: TopicCost[] = []
  for (const compression of COMPRESSIONS) topics.push(await topicOf(compression))
  print(topics, direct)
  if (await hasOtelcolKafka()) for (const topic of topics) await compareGateways(topic)
} finally {
  await kafka.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function topicOf(compression: TopicCost['compression']): Promise<TopicCost> {
  const topic = topicName(compression)
  const exporter = `kafka: { ${brokers}, topic: ${topic}, partitions: ${PARTITIONS}, compression: ${compression} }`
  const gateway = await flooded(`OTLP/HTTP → Kafka (${compression})`, otlp, '', exporter, 'none', GATEWAY_FLOOD_MS)
  const diskBytes = bytesOf(`${topic}-*`) / gateway.points
  const aggregator = await aggregated(compression, topic, gateway.points)
  return { compression, gateway: gateway.microseconds, aggregator, diskBytes, points: gateway.points }
}

function topicName(compression: string): string {
  return `bench-${compression}`
}

/** As docs/scaling.md has it. */
function print(topics: readonly TopicCost[], direct: ReadonlyMap<string, number>): void {
  console.log('\n| Compression | Gateway | Aggregator | Both | Disk of a broker |')
  console.log('| ----------- | ------- | ---------- | ---- | ---------------- |')
  const us = (microseconds: number) => `${microseconds.toFixed(2)} µs`
  for (const { compression, gateway, aggregator, diskBytes } of topics)
    console.log(
      `| \`${compression}\` | ${us(gateway)} | ${us(aggregator)} | ${us(gateway + aggregator)} | ${diskBytes.toFixed(1)} bytes |`
    )
  console.log('\nPoints per CPU second, Kafka → windows to OTLP/HTTP → windows:')
  const ratio = (http: string, topic: string) => {
    const { aggregator } = topics.find(({ compression }) => compression === topic)!
    console.log(
      `  topic ${topic.padEnd(6)} to HTTP ${http.padEnd(4)}  ${(direct.get(http)! / aggregator).toFixed(2)} x`
    )
  }
  for (const topic of COMPRESSIONS) ratio('none', topic)
  for (const both of ['gzip', 'zstd']) ratio(both, both)
}

/** Bytes of topics in the folder of the broker, without indexes. */
function bytesOf(topics: string): number {
  const logs = globSync(path.join(kafka.dataFolder, topics, '*.log'))
  return logs.reduce((sum, file) => sum + statSync(file).size, 0)
}

/** A Weir that a load generator floods. Resolves to the CPU of one point, and to the points of the whole run. */
async function flooded(
  name: string,
  receiver: string,
  processors: string,
  exporter: string,
  compression: 'none' | 'gzip' | 'zstd',
  ms = FLOOD_MS
) {
  return floodedProgram(name, await start(receiver, processors, exporter), compression, ms)
}

/** The same for a program that takes OTLP/HTTP at the port of all of them, and is stopped. */
async function floodedProgram(
  name: string,
  program: ProgramProcess,
  compression: 'none' | 'gzip' | 'zstd',
  ms: number
) {
  const load = await Load.start({
    kind: 'otlp',
    url: `http://127.0.0.1:${port}/v1/metrics`,
    series: SERIES,
    temporality: 'delta',
    variant: 'in order',
    compression: compression === 'none' ? undefined : compression
  })
  try {
    const warm = await load.run({ kind: 'flood', ms: WARM_UP_MS })
    await idle(program)
    const before = program.cpu
    const sent = await load.run({ kind: 'flood', ms })
    await idle(program)
    const { user, system } = program.cpu
    const microseconds = ((user - before.user + system - before.system) * 1e6) / sent.points
    report(name, microseconds, (sent.points / sent.ms) * 1000)
    return { microseconds, points: warm.points + sent.points }
  } finally {
    await load.stop()
    await program.stop()
  }
}

/** Writes to the topic of Weir, by otelcol, and reads all of it again: otherwise there is no figure. */
async function compareGateways({ compression, gateway, points }: TopicCost): Promise<void> {
  const topic = topicName(compression)
  const otelcol = await startOtelcolGateway(folder, port, kafka.broker, topic, compression)
  const name = `otelcol: OTLP/HTTP → Kafka (${compression})`
  const { microseconds, points: more } = await floodedProgram(name, otelcol, 'none', GATEWAY_FLOOD_MS)
  const weir = await start(
    `kafka: { ${brokers}, topic: ${topic}, group: proof }`,
    WINDOWS,
    'debug: { verbosity: none }'
  )
  const read = await taken(weir, points + more).finally(() => weir.stop())
  if (read !== points + more) throw new Error(`${topic} has ${read} points, and ${points + more} were acknowledged`)
  console.log(`  gateway (${compression}): points per CPU second ${(microseconds / gateway).toFixed(2)} x otelcol's`)
}

/** Reads all that the gateway wrote. Resolves to the CPU of one point, in µs; the first part warms up. */
async function aggregated(compression: string, topic: string, points: number): Promise<number> {
  const receiver = `kafka: { ${brokers}, topic: ${topic}, group: bench }`
  const weir = await start(receiver, WINDOWS, 'debug: { verbosity: none }')
  try {
    const warm = await taken(weir, points / 2)
    const [before, begun] = [weir.cpu, performance.now()]
    const all = await taken(weir, points)
    const { user, system } = weir.cpu
    const microseconds = ((user - before.user + system - before.system) * 1e6) / (all - warm)
    report(`Kafka (${compression}) → windows`, microseconds, ((all - warm) / (performance.now() - begun)) * 1000)
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
    `${name.padEnd(NAME_WIDTH)} ${microseconds.toFixed(3)} µs of CPU a point, ${(perSecond / 1e6).toFixed(2)} M points/s`
  )
}
