import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Random } from '../core/journal/simulated-disk.ts'
import { type Prometheus, startPrometheus } from '../servers/prometheus.ts'
import { startVictoriaMetrics, type VictoriaMetrics } from '../servers/victoria-metrics.ts'
import { Ledger, type Verdict } from './ledger.ts'
import { MortalWeir } from './mortal-weir.ts'
import { type Roughness, RoughProxy } from './rough-proxy.ts'
import { Senders } from './senders.ts'
import { mergeVictoriaMetrics, storedInClickHouse, storedInPrometheus, storedInVictoriaMetrics } from './stores.ts'

const SENDERS = 6
/** Until the last window of 10s has closed behind lateness and silence. */
const SETTLE_MS = 40_000
const POLL_MS = 500
/** The share of lives in which a worker ends. */
const WORKER_ENDS = 0.3
const SHORTEST_LIFE_MS = 50
/** What is sent again after a crash is older than what was sent last. */
const OUT_OF_ORDER = 'storage: { tsdb: { out_of_order_time_window: 30m } }\n'
const LATENESSES_MS = [100, 1000, 2000]

export interface CrashesOptions {
  readonly random: Random
  /** Path of VictoriaMetrics. */
  readonly program: string
  readonly kills: number
  /** A life ends after at most this, counted from its start. */
  readonly longestLifeMs: number
  /** Also stores in an embedded ClickHouse. */
  readonly clickHouse: boolean
  /** Path of Prometheus, to store there too. */
  readonly prometheus?: string | undefined
  /** What the backend does meanwhile, one after the other, at random. */
  readonly roughness?: readonly Roughness[]
  /** The share of ends that are SIGTERM, which must be clean. */
  readonly terminated?: number
  readonly shutdownTimeout?: string
  /** Where the journal is; in a temporary folder unless told. */
  readonly journal?: string
  /** The share of lives with reloads under load, each time with another lateness. */
  readonly reloaded?: number
  readonly clockSteps?: boolean
  /** Plugins that hold batches stand before the windows, and behind them. */
  readonly paced?: boolean
  /** Threads that receive. With more than one, they end one by one as well. */
  readonly workers?: number
  /** In the middle the backend is gone for so long. */
  readonly darkMs?: number
  /** Told now and then. */
  progress?(line: string): void
}

export interface CrashesResult {
  readonly kills: number
  readonly terms: number
  readonly reloads: number
  readonly workerEnds: number
  readonly items: number
  readonly requests: number
  readonly repeated: number
  readonly readyMs: readonly number[]
  /** By store. */
  readonly verdicts: ReadonlyMap<string, Verdict>
}

/** Sends while Weir is killed again and again, and at the end compares what stores hold with what was sent. */
export async function runCrashes(options: CrashesOptions): Promise<CrashesResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'weir-crashes-'))
  const store = await startVictoriaMetrics(options.program)
  const proxy = await RoughProxy.start(store.url)
  const prometheus = options.prometheus && (await startPrometheus(options.prometheus, OUT_OF_ORDER))
  const journal = options.journal ?? path.join(folder, 'journal')
  await mkdir(journal, { recursive: true })
  const { clickHouse, shutdownTimeout, clockSteps = false, paced = false, workers } = options
  const weir = await MortalWeir.prepare({
    folder,
    journal,
    victoriaMetrics: proxy.url,
    clickHouse,
    prometheus: prometheus ? prometheus.url : undefined,
    clockSteps,
    paced,
    ...(workers === undefined ? {} : { workers }),
    ...(shutdownTimeout === undefined ? {} : { shutdownTimeout })
  })
  try {
    return await crash(options, weir, store, proxy, prometheus || undefined)
  } finally {
    await weir.end('SIGKILL').catch(() => {})
    await proxy.stop()
    await store.stop()
    if (prometheus) await prometheus.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function crash(
  options: CrashesOptions,
  weir: MortalWeir,
  store: VictoriaMetrics,
  proxy: RoughProxy,
  prometheus: Prometheus | undefined
): Promise<CrashesResult> {
  const { random, kills, longestLifeMs, clickHouse, roughness = ['pass'], terminated = 0, progress } = options
  const ledger = new Ledger()
  const readyMs: number[] = []
  weir.begin()
  readyMs.push(await weir.ready())
  const senders = new Senders({ otlp: weir.otlp, events: weir.events, count: SENDERS, ledger, random, pauseMs: 20 })
  let terms = 0
  let reloads = 0
  let workerEnds = 0
  let lightAt: number | undefined
  const isDark = () => lightAt !== undefined && performance.now() < lightAt
  while (weir.kills < kills || isDark()) {
    if (options.darkMs !== undefined && lightAt === undefined && weir.kills >= kills / 2) {
      progress?.(`the backend is gone for ${options.darkMs} ms`)
      lightAt = performance.now() + options.darkMs
    }
    await proxy.become(isDark() ? 'dead' : roughness[Math.floor(random() * roughness.length)])
    // Some lives end before they are ready.
    if (random() < 0.8) readyMs.push(await weir.ready())
    const lifeMs = SHORTEST_LIFE_MS + random() * longestLifeMs
    if (options.workers !== undefined && random() < WORKER_ENDS) {
      await setTimeout(lifeMs / 2)
      if (await weir.endWorker(Math.floor(random() * options.workers))) workerEnds++
    }
    if (random() < (options.reloaded ?? 0)) reloads += await reloadFor(lifeMs, weir, random)
    else await setTimeout(lifeMs)
    if (random() < terminated && (await isReady(weir))) {
      terms++
      const code = await weir.end('SIGTERM')
      if (code !== 0 && code !== 4) throw new Error(`SIGTERM: it ended with ${code}: ${weir.said}`)
    } else await weir.end('SIGKILL')
    weir.begin()
    if (weir.kills % 10 === 0)
      progress?.(`${weir.kills} kills, ${ledger.items} items, answers ${JSON.stringify(senders.answers)}`)
  }
  await proxy.become('pass')
  readyMs.push(await weir.ready())
  await senders.end()
  const verdicts = await settled(ledger, weir, store, clickHouse, prometheus)
  const { items } = ledger
  const { answers, repeated } = senders
  return {
    kills: weir.kills,
    terms,
    reloads,
    workerEnds,
    items,
    requests: answers.taken - repeated,
    repeated,
    readyMs,
    verdicts
  }
}

/** Returns how many there were. The end of its life may come in the midst of one. */
async function reloadFor(ms: number, weir: MortalWeir, random: Random): Promise<number> {
  const end = performance.now() + ms
  let reloads = 0
  const over = setTimeout(ms)
  while (performance.now() < end) {
    await weir.reconfigure(LATENESSES_MS[Math.floor(random() * LATENESSES_MS.length)])
    if (await Promise.race([weir.reload(), over.then(() => false)])) reloads++
    await Promise.race([over, setTimeout(200)])
  }
  return reloads
}

async function isReady(weir: MortalWeir): Promise<boolean> {
  const response = await fetch(`${weir.admin}/readyz`).catch(() => undefined)
  await response?.arrayBuffer()
  return response?.ok ?? false
}

/** Waits until nothing is missing, and then whether anything comes on top. */
async function settled(
  ledger: Ledger,
  weir: MortalWeir,
  store: VictoriaMetrics,
  clickHouse: boolean,
  prometheus: Prometheus | undefined
): Promise<Map<string, Verdict>> {
  const look = async () => {
    const verdicts = new Map([['VictoriaMetrics', ledger.compare(await storedInVictoriaMetrics(store))]])
    if (prometheus) verdicts.set('Prometheus', ledger.compare(await storedInPrometheus(prometheus)))
    if (clickHouse) verdicts.set('ClickHouse', ledger.compare(await storedInClickHouse(weir.admin)))
    return verdicts
  }
  const deadline = performance.now() + SETTLE_MS
  for (;;) {
    const verdicts = await look()
    if ([...verdicts.values()].every(({ lost }) => lost === 0) || performance.now() > deadline) break
    await setTimeout(POLL_MS)
  }
  await setTimeout(POLL_MS)
  const verdicts = await look()
  await mergeVictoriaMetrics(store)
  verdicts.set('VictoriaMetrics, merged', ledger.compare(await storedInVictoriaMetrics(store)))
  return verdicts
}
