import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type StoredPoint, seriesKey } from '../e2e/counts.ts'
import { type ClickHouse, startClickHouse } from '../servers/clickhouse.ts'
import { freePort } from '../servers/free-port.ts'
import { type Kafka, startKafka } from '../servers/kafka.ts'
import { startVictoriaMetrics, type VictoriaMetrics } from '../servers/victoria-metrics.ts'
import { Ledger, type Verdict } from './ledger.ts'
import { Senders } from './senders.ts'
import { mergeVictoriaMetrics, storedInVictoriaMetrics } from './stores.ts'

const MAIN = path.join(import.meta.dirname, '../../core/main.ts')
const PARTITIONS = 3
const LATENESS_MS = 2000
const READY_TIMEOUT_MS = 60_000
const SETTLE_MS = 90_000
const POLL_MS = 1000
const OUTPUT_KEPT = 8000

export interface KafkaCrashesOptions {
  readonly random: () => number
  /** Paths of the programs. */
  readonly jars: string
  readonly victoriaMetrics: string
  /** Ends of an aggregator by SIGKILL. */
  readonly kills: number
  readonly brokerKills: number
  /** Longest life of an aggregator, ms. */
  readonly longestLifeMs: number
  /** A third aggregator joins and leaves, so that partitions move. */
  readonly rebalances: boolean
  readonly senders: number
  readonly pauseMs: number
  /** Goes on until so many items were sent. */
  readonly items: number
  progress?(line: string): void
}

export interface KafkaCrashesResult {
  readonly kills: number
  readonly brokerKills: number
  readonly rebalances: number
  readonly items: number
  readonly repeated: number
  readonly verdicts: ReadonlyMap<string, Verdict>
}

interface World {
  readonly kafka: Kafka
  readonly store: VictoriaMetrics
  readonly clickHouse: ClickHouse
  readonly gateway: WeirProcess
  readonly aggregators: readonly WeirProcess[]
}

/** Kills aggregators and the broker under load, and compares what the stores have with what was sent. */
export async function runKafkaCrashes(options: KafkaCrashesOptions): Promise<KafkaCrashesResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'weir-kafka-crashes-'))
  const [kafka, store, clickHouse] = await Promise.all([
    startKafka(options.jars),
    startVictoriaMetrics(options.victoriaMetrics),
    startClickHouse()
  ])
  const ports = await Promise.all([freePort(), freePort()])
  const gateway = new WeirProcess(path.join(folder, 'gateway.yaml'), gatewayConfig(kafka.broker, ports))
  const aggregators = ['a', 'b', 'c'].map(
    name => new WeirProcess(path.join(folder, `${name}.yaml`), aggregatorConfig(name, kafka.broker, store, clickHouse))
  )
  try {
    return await crash(options, { kafka, store, clickHouse, gateway, aggregators }, ports)
  } finally {
    for (const weir of [gateway, ...aggregators]) await weir.end('SIGKILL').catch(() => {})
    await Promise.all([kafka.stop(), store.stop(), clickHouse.stop()])
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function crash(
  options: KafkaCrashesOptions,
  world: World,
  [otlp, events]: readonly number[]
): Promise<KafkaCrashesResult> {
  const { random, kills, longestLifeMs, progress } = options
  const { gateway, kafka } = world
  const [first, second, third] = world.aggregators
  await gateway.start()
  await Promise.all([first.start(), second.start()])
  const ledger = new Ledger()
  const senders = new Senders({
    otlp: `http://127.0.0.1:${otlp}/v1/metrics`,
    events: `http://127.0.0.1:${events}/v1/events`,
    count: options.senders,
    ledger,
    random,
    pauseMs: options.pauseMs
  })
  let [killed, brokerKills, rebalances] = [0, 0, 0]
  while (killed < kills || ledger.items < options.items) {
    await setTimeout(500 + random() * longestLifeMs)
    if (options.rebalances) {
      if (third.isRunning) await third.end('SIGTERM')
      else await third.start()
      rebalances++
    }
    if (killed < kills) {
      const victim = random() < 0.5 ? first : second
      await victim.end('SIGKILL')
      killed++
      await victim.start()
    }
    if (brokerKills < options.brokerKills && killed >= ((brokerKills + 1) * kills) / (options.brokerKills + 1)) {
      await kafka.kill()
      await setTimeout(random() * 2000)
      await kafka.restart()
      brokerKills++
    }
    progress?.(`${killed} kills, ${brokerKills} of the broker, ${rebalances} rebalances, ${ledger.items} items`)
  }
  await senders.end()
  const verdicts = await settled(ledger, world)
  const { repeated } = senders
  return { kills: killed, brokerKills, rebalances, items: ledger.items, repeated, verdicts }
}

/** Waits until nothing is missing, and then whether anything comes on top. */
async function settled(ledger: Ledger, { store, clickHouse }: World): Promise<Map<string, Verdict>> {
  const look = async () =>
    new Map([
      ['VictoriaMetrics', ledger.compare(await storedInVictoriaMetrics(store))],
      ['ClickHouse', ledger.compare(await storedInServedClickHouse(clickHouse))]
    ])
  const deadline = performance.now() + SETTLE_MS
  for (;;) {
    const verdicts = await look()
    if ([...verdicts.values()].every(({ lost }) => lost === 0) || performance.now() > deadline) break
    await setTimeout(POLL_MS)
  }
  await setTimeout(LATENESS_MS)
  const verdicts = await look()
  await mergeVictoriaMetrics(store)
  verdicts.set('VictoriaMetrics, merged', ledger.compare(await storedInVictoriaMetrics(store)))
  return verdicts
}

async function storedInServedClickHouse({ rows }: ClickHouse): Promise<StoredPoint[]> {
  const stored = await rows<{ name: string; attributes: Record<string, string>; ms: string; value: number }>(
    'SELECT name, attributes, toUnixTimestamp64Milli(time) AS ms, value FROM weir.metrics'
  ).catch(() => [])
  return stored.map(({ name, attributes, ms, value }) => {
    const { window, late } = attributes
    const series = seriesKey(name.replaceAll('.', '_'), attributes)
    return { series, window, late: late === 'true', time: Number(ms), value }
  })
}

/** A `weir run` that may be ended and started again. */
class WeirProcess {
  readonly #file: string
  readonly #config: string
  #child: ChildProcess | undefined
  /** What its last life said. */
  said = ''

  constructor(file: string, config: string) {
    this.#file = file
    this.#config = config
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  /** Resolves once it runs. */
  async start(): Promise<void> {
    await writeFile(this.#file, this.#config)
    const child = spawn(process.execPath, [MAIN, 'run', '--config', this.#file], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    this.said = ''
    const keep = (text: Buffer) => {
      this.said = (this.said + text).slice(-OUTPUT_KEPT)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const deadline = performance.now() + READY_TIMEOUT_MS
    while (!this.said.includes('Weir is running')) {
      if (child.exitCode !== null || performance.now() > deadline) throw new Error(`weir is not ready: ${this.said}`)
      await setTimeout(20)
    }
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    if (child.exitCode !== null) throw new Error(`weir had ended by itself with ${child.exitCode}: ${this.said}`)
    const ended = once(child, 'close')
    child.kill(signal)
    await ended
  }
}

function gatewayConfig(broker: string, [otlp, events]: readonly number[]): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:${otlp} } } }
  http: { endpoint: 127.0.0.1:${events} }
processors:
  dedup: { mode: request, window: 1h }
exporters:
  kafka/points: { brokers: ['${broker}'], topic: points, partitions: ${PARTITIONS} }
  kafka/events: { brokers: ['${broker}'], topic: events, partitions: ${PARTITIONS}, encoding: json, partition_by: [client, route] }
service:
  admin: { endpoint: 127.0.0.1:0 }
  log: { level: warn }
  pipelines:
    points: { receivers: [otlp], processors: [dedup], exporters: [kafka/points] }
    events: { receivers: [http], exporters: [kafka/events] }
`
}

function aggregatorConfig(name: string, broker: string, { url }: VictoriaMetrics, clickHouse: ClickHouse): string {
  const common = `brokers: ['${broker}'], session_timeout: 6s, partition_label: '', checkpoint_interval: 500ms`
  // Some come back under their name before the group has missed them; the others lose their partitions.
  const instance = name === 'a' ? ', instance_id: a' : ''
  return `
receivers:
  kafka/points: { topic: points, group: counting, ${common}${instance} }
  kafka/events: { topic: events, group: events, encoding: json, ${common}${instance} }
processors:
  dedup: { mode: event_id, window: 1h }
  windowed_counter: { windows: [1s, 10s], allowed_lateness: ${LATENESS_MS}ms }
exporters:
  victoriametrics: { endpoint: '${url}/api/v1/write', timeout: 1s, retry: { initial_interval: 100ms, max_interval: 500ms } }
  clickhouse: { endpoint: '${clickHouse.url}' }
service:
  admin: { endpoint: 127.0.0.1:0 }
  log: { level: warn }
  pipelines:
    points: { receivers: [kafka/points], processors: [windowed_counter], exporters: [victoriametrics, clickhouse] }
    events: { receivers: [kafka/events], processors: [dedup, windowed_counter], exporters: [victoriametrics, clickhouse] }
`
}
