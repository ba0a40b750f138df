import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { type Case, nameOf } from './cases.ts'
import { type Flood, LINES_PER_DATAGRAM, Load, type Order, type Sent } from './load.ts'
import type { ThreadCpuTime } from './process.ts'
import type { Program, RunningProgram } from './program.ts'
import { NullSink } from './sink.ts'

const NOTHING: Sent = { points: 0, sum: 0, bytes: 0, ms: 0, refusedRequests: 0, replyMs: [] }

/** How a case is measured. */
export interface Plan {
  /** Length of the measured flood, ms. */
  readonly ms: number
  /** Warm-up before it, ms: at least twice through all series, if that takes no longer than `warmUpMaxMs`. */
  readonly warmUpMs: number
  readonly warmUpMaxMs: number
  /** At half of the load, for the times of replies, ms. */
  readonly halfLoadMs: number
  readonly windowSeconds: number
  readonly statsdLinesPerSecond: number
  readonly nodeFlags: readonly string[]
}

/** The figures of one run. Times of replies are at half of the throughput; none for StatsD. */
export interface Figures {
  readonly case: string
  readonly program: string
  readonly points: number
  readonly pointsPerSecond: number
  readonly pointsPerCpuSecond: number
  /** Of its CPU time, the share in the kernel. */
  readonly systemShare: number
  readonly bytesPerPoint: number
  readonly diskBytesPerPoint: number
  readonly residentPeakBytes: number
  readonly residentEndBytes: number
  readonly replyP50Ms: number | null
  readonly replyP99Ms: number | null
  readonly refusedRequests: number
  readonly kernelDroppedLines: number
  readonly sinkSamples: number
  readonly sinkBytes: number
  /** Of all values that were acknowledged in the whole run. */
  readonly sumSent: number
  /** In the sink. Null if the program's output has no such sum. */
  readonly sumStored: number | null
}

/** The measured flood by the clock of the kernel, for profiles. */
export interface Phase {
  readonly beganNs: bigint
  readonly endedNs: bigint
  readonly threads: readonly ThreadCpuTime[]
}

/** Measures one program at one case. Throws if a sum or the ledger of Weir is wrong: then there are no figures. */
export async function measure(program: Program, work: Case, plan: Plan, onPhase = (_: Phase) => {}): Promise<Figures> {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-bench-'))
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  process.once('exit', remove)
  const sink = await NullSink.start()
  const { windowSeconds, nodeFlags } = plan
  try {
    const running = await program.start({ case: work, folder, sink, windowSeconds, nodeFlags })
    try {
      return { case: nameOf(work), program: program.name, ...(await run(running, work, plan, sink, onPhase)) }
    } finally {
      await running.process.stop()
    }
  } finally {
    await sink.stop()
    process.off('exit', remove)
    remove()
  }
}

async function run(
  running: RunningProgram,
  work: Case,
  plan: Plan,
  sink: NullSink,
  onPhase: (phase: Phase) => void
): Promise<Omit<Figures, 'case' | 'program'>> {
  const load = await startLoad(running, work)
  try {
    const warmUp = await load.run(orderOf(work, plan, plan.warmUpMs, { passes: 2, maxMs: plan.warmUpMaxMs }))
    await running.caughtUp()
    const [main, figures] = await flood(running, load, orderOf(work, plan, plan.ms), onPhase)
    const half = await atHalfLoad(load, work, plan, main)
    await running.drained()
    const { residentBytes: residentEndBytes, peakResidentBytes: residentPeakBytes } = running.process
    const parts = [warmUp, main, half]
    return {
      ...figures,
      ...{ residentPeakBytes, residentEndBytes },
      ...{ replyP50Ms: quantile(half.replyMs, 0.5), replyP99Ms: quantile(half.replyMs, 0.99) },
      refusedRequests: sumOf(parts.map(({ refusedRequests }) => refusedRequests)),
      ...(await compare(running, sink, parts))
    }
  } finally {
    await load.stop()
  }
}

function startLoad({ otlpUrl, remoteWriteUrl, statsdPort, temporality }: RunningProgram, work: Case): Promise<Load> {
  const { scenario, series, variant } = work
  if (scenario === 'statsd') return Load.start({ kind: 'statsd', port: statsdPort, series })
  if (scenario === 'remote-write-by') return Load.start({ kind: 'remote-write', url: remoteWriteUrl, series })
  return Load.start({ kind: 'otlp', url: otlpUrl, series, temporality, variant })
}

function orderOf({ scenario }: Case, plan: Plan, ms: number, atLeast: Partial<Flood> = {}): Order {
  if (scenario === 'statsd') return { kind: 'pace', ms, pointsPerSecond: plan.statsdLinesPerSecond }
  return { kind: 'flood', ms, ...atLeast }
}

/** CPU counts until all is processed: a program may acknowledge points long before. */
async function flood(running: RunningProgram, load: Load, order: Order, onPhase: (phase: Phase) => void) {
  const { process: program } = running
  const [cpu, disk, threads, beganNs] = [program.cpu, program.diskBytes, program.threads, process.hrtime.bigint()]
  const lostBefore = lostLines(running)
  const sent = await load.run(order)
  await running.caughtUp()
  const [user, system] = [program.cpu.user - cpu.user, program.cpu.system - cpu.system]
  onPhase({ beganNs, endedNs: process.hrtime.bigint(), threads: differences(threads, program.threads) })
  const figures = {
    points: sent.points,
    pointsPerSecond: (sent.points / sent.ms) * 1000,
    // Lines that the kernel dropped took no time of the program.
    pointsPerCpuSecond: (sent.points - lostLines(running) + lostBefore) / (user + system),
    systemShare: system / (user + system),
    bytesPerPoint: sent.bytes / sent.points,
    diskBytesPerPoint: (program.diskBytes - disk) / sent.points
  }
  return [sent, figures] as const
}

/** StatsD has no replies to wait for. */
async function atHalfLoad(load: Load, { scenario }: Case, plan: Plan, { points, ms }: Sent): Promise<Sent> {
  if (scenario === 'statsd') return NOTHING
  return load.run({ kind: 'pace', ms: plan.halfLoadMs, pointsPerSecond: ((points / ms) * 1000) / 2 })
}

/** The sums of values that were acknowledged, and of those in the sink. */
async function compare(running: RunningProgram, sink: NullSink, parts: readonly Sent[]) {
  const lost = lostLines(running)
  await running.checkBooks(sumOf(parts.map(({ points }) => points)) - lost)
  const sumSent = sumOf(parts.map(({ sum }) => sum)) - lost
  const totals = sink.totals()
  const sums = running.sums(totals)
  for (const sum of running.mustBeExact ? sums : [])
    if (sum !== sumSent) throw new Error(`values of ${sumSent} were acknowledged, and of ${sum} came to the sink`)
  return {
    kernelDroppedLines: lost,
    sinkSamples: totals.samples,
    sinkBytes: sink.bytes,
    sumSent,
    sumStored: sums[0] ?? null
  }
}

/** Lines that the kernel dropped since the program listens. */
function lostLines({ statsdPort }: RunningProgram): number {
  return statsdPort > 0 ? kernelDrops(statsdPort) * LINES_PER_DATAGRAM : 0
}

/** Datagrams that the kernel dropped at a UDP port. */
function kernelDrops(port: number): number {
  const address = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const sockets = readFileSync('/proc/net/udp', 'latin1')
    .split('\n')
    .map(line => line.trim().split(/\s+/))
  return sumOf(sockets.filter(([, local]) => local?.endsWith(address)).map(fields => Number(fields.at(-1))))
}

/** Threads that began meanwhile count from 0. */
function differences(before: readonly ThreadCpuTime[], after: readonly ThreadCpuTime[]): ThreadCpuTime[] {
  return after.map(({ id, name, user, system }) => {
    const earlier = before.find(thread => thread.id === id)
    return { id, name, user: user - (earlier?.user ?? 0), system: system - (earlier?.system ?? 0) }
  })
}

function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
