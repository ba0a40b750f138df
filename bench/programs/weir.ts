import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import type { StatusReport } from '../../core/admin/status.ts'
import { freePort } from '../../test/servers/free-port.ts'
import type { Case } from './cases.ts'
import { ProgramProcess } from './process.ts'
import type { Program, RunningProgram, Setup } from './program.ts'
import type { NullSink } from './sink.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const POLL_MS = 200
const QUIET_MS = 1000
const DRAIN_TIMEOUT_MS = 900_000
const BY = { 'windows-by': '[http.route, http.status_code]', 'remote-write-by': '[http_route, http_status_code]' }

interface Service {
  readonly journal?: boolean
  readonly workers?: number
}

/** Weir as users start it. */
export const weir = program('weir', {})
export const weirWithJournal = program('weir with journal', { journal: true })
export const weirWithWorkers = program('weir, 2 workers', { workers: 2 })
export const weirWithBoth = program('weir with journal, 2 workers', { journal: true, workers: 2 })

function program(name: string, service: Service): Program {
  return {
    name,
    version: async () => JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')).version,
    does({ variant, scenario }) {
      if (service.workers !== undefined && scenario !== 'windows-by' && scenario !== 'statsd') return false
      if (service.journal && scenario === 'remote-write-by') return false
      return !service.journal || (variant === 'in order' && scenario !== 'statsd')
    },
    start: setup => start(setup, service)
  }
}

async function start(setup: Setup, service: Service): Promise<RunningProgram> {
  const { folder, sink, case: work, nodeFlags } = setup
  const [port, adminPort] = [await freePort(), await freePort()]
  const admin = `http://127.0.0.1:${adminPort}`
  const file = path.join(folder, 'weir.yaml')
  writeFileSync(file, configOf(setup, service, port, adminPort))
  const command = [process.execPath, ...nodeFlags, path.join(ROOT, 'bin/weir.js'), 'run', '--config', file]
  return {
    process: await ProgramProcess.start(command, folder, `${admin}/readyz`),
    otlpUrl: `http://127.0.0.1:${port}/v1/metrics`,
    remoteWriteUrl: `http://127.0.0.1:${port}/api/v1/write`,
    statsdPort: port,
    temporality: work.scenario === 'through' ? 'cumulative' : 'delta',
    caughtUp: () => until(() => hasReadJournal(admin)),
    drained: () => until(() => isDrained(admin, sink)),
    mustBeExact: true,
    checkBooks: async points => assertBalanced(await status(admin), points),
    // Windows are sent twice: each for itself, and added up to a total.
    sums: totals => (work.scenario === 'through' ? [totals.values] : [totals.windows, totals.cumulative])
  }
}

function configOf(
  { case: work, folder, sink, windowSeconds }: Setup,
  { journal, workers = 1 }: Service,
  port: number,
  admin: number
) {
  const endpoint = `endpoint: 127.0.0.1:${port}`
  const [receiver, options] = receiverOf(work, endpoint)
  const processors = work.scenario === 'through' ? '' : 'windowed_counter'
  const windows = `windows: [${windowSeconds}s], ${staleOf(work)}${groupsOf(work)}`
  return `
receivers:
  ${receiver}: ${options}
${processors && `processors:\n  windowed_counter: { ${windows} }`}
exporters:
  victoriametrics: { endpoint: "${sink.url}" }
service:
  admin: { endpoint: 127.0.0.1:${admin} }
  log: { level: warn }
  workers: ${workers}
  limits: { series: ${mostSeries(work)} }
  ${journal ? `journal: { folder: ${path.join(folder, 'journal')} }` : ''}
  pipelines:
    metrics: { receivers: [${receiver}], processors: [${processors}], exporters: [victoriametrics] }
`
}

function receiverOf({ scenario }: Case, endpoint: string): [type: string, options: string] {
  if (scenario === 'statsd') return ['statsd', `{ ${endpoint} }`]
  if (scenario === 'remote-write-by') return ['prometheus_remote_write', `{ ${endpoint} }`]
  return ['otlp', `{ protocols: { http: { ${endpoint} } } }`]
}

function groupsOf({ scenario, series }: Case): string {
  return scenario === 'windows-by' || scenario === 'remote-write-by'
    ? `by: ${BY[scenario]}`
    : `max_groups: ${mostSeries({ series })}`
}

/** Series that have been replaced go while others come. */
const staleOf = ({ variant }: Case) => (variant === 'churn' ? 'max_stale: 1m, ' : '')

/** Room for twice the series, since churn makes new ones. */
const mostSeries = ({ series }: Pick<Case, 'series'>) => Math.max(1_000_000, 2 * series)

/** True without a journal, too. Unread entries are acknowledged, and in no account yet. */
async function hasReadJournal(admin: string): Promise<boolean> {
  return !((await gauge(admin, 'weir_journal_unread_entries')) > 0)
}

/** In this order: entries open windows, and windows that have closed are in flight. */
async function isDrained(admin: string, sink: NullSink): Promise<boolean> {
  if (!(await hasReadJournal(admin))) return false
  if ((await gauge(admin, 'weir_processor_windowed_counter_open_windows')) > 0) return false
  const { components } = await status(admin)
  if (components.some(({ account }) => account.inFlight > 0)) return false
  // Many groups are emitted in steps, with nothing in flight between two of them.
  return performance.now() - sink.lastRequestAt > QUIET_MS
}

function assertBalanced({ components }: StatusReport, points: number): void {
  for (const { kind, id, account } of components) {
    assert.equal(account.imbalance, 0, `the ledger of ${kind} ${id} is balanced: ${JSON.stringify(account)}`)
    assert.deepEqual(account.dropped, {}, `${kind} ${id} dropped nothing`)
    if (kind === 'receiver')
      assert.equal(account.received - account.refused, points, `${kind} ${id} has the points that it acknowledged`)
  }
}

async function status(admin: string): Promise<StatusReport> {
  return (await fetch(`${admin}/api/status`)).json() as Promise<StatusReport>
}

/** NaN if there is none. */
async function gauge(admin: string, name: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text()
  return Number(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm').exec(text)?.[1])
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DRAIN_TIMEOUT_MS
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Weir is not drained after ${DRAIN_TIMEOUT_MS / 1000} s`)
    await setTimeout(POLL_MS)
  }
}
