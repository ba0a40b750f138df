import { exposeAdvice } from '../admin/advice/advice.ts'
import { addPipelineMetrics } from '../admin/pipeline-metrics.ts'
import { AdminServer } from '../admin/server.ts'
import type { Phase } from '../admin/status.ts'
import { exposeTap } from '../admin/tap/tap.ts'
import { exposeTenants } from '../admin/tenants.ts'
import { exposeWhy } from '../admin/why/why.ts'
import type { ResolvedConfig } from '../config/resolved.ts'
import { Secrets } from '../config/secrets.ts'
import { workerThreads } from '../config/service.ts'
import { readConfig } from '../config/validate.ts'
import { describeError, WeirError } from '../errors.ts'
import { ServiceAccess } from '../http/access/service-access.ts'
import { SeriesTable } from '../model/series-table/series-table.ts'
import { exposeDeadLetters } from '../pipeline/dead-letters/route.ts'
import type { Announcement } from '../pipeline/graph/services.ts'
import type { Ingress } from '../pipeline/ingest/ingress.ts'
import type { Change } from '../pipeline/reload/diff.ts'
import { Reloader } from '../pipeline/reload/reloader.ts'
import { type BaseServices, type BuiltService, buildService } from '../pipeline/service/build.ts'
import { Runner } from '../pipeline/service/lifecycle.ts'
import { expireSeries, exposeSeries } from '../pipeline/service/series-expiry.ts'
import type { WorkerPool } from '../pipeline/workers/worker-pool.ts'
import type { Registry } from '../plugin/registry.ts'
import { StoreRegistry } from '../plugin/stores.ts'
import { openUses } from '../queries/uses/use-file.ts'
import { formatDuration } from '../schema/units.ts'
import { systemClock } from '../telemetry/clock.ts'
import { Log } from '../telemetry/log.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { exportByOtlp } from '../telemetry/otlp-export.ts'
import { addProcessMetrics } from '../telemetry/process-metrics.ts'
import { EXIT } from './exit-codes.ts'
import { reloadHandler, reloadOnRequest } from './reload.ts'
import type { Terminal } from './terminal.ts'

const ADMIN_STOP_MS = 1000
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Runs the configuration until a signal comes, then drains. A second signal ends it at once. */
export async function run(
  terminal: Terminal,
  files: readonly string[],
  options: { readonly discardState: boolean; readonly watch: boolean }
): Promise<number> {
  const { config, problems } = await readConfig(files, process.env, terminal.registry)
  if (problems.all.length > 0) terminal.error(problems.format())
  if (config === undefined) return EXIT.invalid
  const weir = new Weir(config, terminal.registry, () => readConfig(files, process.env, terminal.registry))
  const stopped = nextSignal()
  try {
    await weir.start(options)
  } catch (error) {
    terminal.error(config.secrets.hide(describeError(error)))
    return EXIT.startFailed
  }
  terminal.out(describeStart(weir.announcements))
  const stopReloads = reloadOnRequest(terminal, files, options.watch, () => weir.reload())
  const signal = await stopped
  stopReloads()
  terminal.out(
    `${signal}: draining, for at most ${formatDuration(config.service.shutdown_timeout)}; again to stop at once`
  )
  const drained = await weir.stop()
  terminal.out(drained ? 'drained' : 'not everything could be sent or kept in time; see the log')
  return drained ? EXIT.ok : EXIT.notDrained
}

/** One running configuration: components, admin server, telemetry. */
class Weir {
  #config: ResolvedConfig
  #log: Log
  /** The secrets of all configurations so far. */
  #secrets = new Secrets()
  #phase: Phase = 'starting'
  #runner: Runner | undefined
  #admin: AdminServer | undefined
  #workers: WorkerPool | undefined
  #stopTelemetry: (() => void | Promise<void>)[] = []
  #registry: Registry
  #reloader: Reloader | undefined
  /** Still replaying the entries that the last run left, under its configuration. */
  #isCatchingUp = false
  #readAgain: () => ReturnType<typeof readConfig>
  readonly announcements: Announcement[] = []

  constructor(config: ResolvedConfig, registry: Registry, readAgain: () => ReturnType<typeof readConfig>) {
    this.#registry = registry
    this.#config = config
    this.#readAgain = readAgain
    this.#secrets.addAll(config.secrets)
    this.#log = new Log(config.service.log.level, text => this.#secrets.hide(text))
  }

  async start({ discardState }: { readonly discardState: boolean }): Promise<void> {
    const { admin, telemetry } = this.#config.service
    const service = await buildService(this.#config, this.#baseServices(), discardState, this.#registry)
    const { log, clock, metrics } = service.services
    await this.#expose(service)
    this.#admin = new AdminServer(admin, service, () => ({
      phase: this.#phase,
      problems: this.#log.problems,
      hide: text => this.#secrets.hide(text)
    }))
    await this.#admin.start()
    const { topology, ingress, stateBackend } = service
    this.#runner = new Runner(topology, {
      log,
      clock,
      ingress,
      stateBackend,
      startupTimeoutMs: this.#config.service.startup_timeout
    })
    await this.#runner.start(new AbortController().signal)
    this.#reloader = new Reloader(service, this.#runner)
    this.#isCatchingUp = service.config !== this.#config
    if (this.#isCatchingUp) void this.#catchUp(ingress)
    if (telemetry.otlp_endpoint !== undefined) {
      this.#stopTelemetry.push(await exportByOtlp(metrics, telemetry.otlp_endpoint, telemetry.interval, log))
    }
    this.#phase = 'running'
    log.info('running')
  }

  /** Metrics and answers about the service. */
  async #expose(service: BuiltService): Promise<void> {
    const { clock, metrics, series } = service.services
    addPipelineMetrics(metrics, service)
    exposeDeadLetters(service)
    this.#stopTelemetry.push(addProcessMetrics(metrics))
    exposeSeries(metrics, series)
    exposeTenants(service)
    exposeWhy(service, text => this.#secrets.hide(text))
    await this.#noteUses(service)
    this.#stopTelemetry.push(exposeTap(service))
    this.#workers = service.services.workers
    this.#workers?.expose(metrics)
    this.#stopTelemetry.push(expireSeries(series, clock))
    service.services.routes.set(
      'post /api/reload',
      reloadHandler(
        () => this.reload(),
        text => this.#secrets.hide(text)
      )
    )
  }

  /** Keeps the labels that queries and rules ask for, and advises by them. */
  async #noteUses(service: BuiltService): Promise<void> {
    const { state_dir, journal } = this.#config.service
    const { clock, log, stores } = service.services
    const uses = await openUses(state_dir ?? journal?.folder, clock, log)
    stores.onUses = (used, by) => uses.table.note(used, by, clock.now())
    exposeAdvice(service, uses.table)
    this.#stopTelemetry.push(() => uses.close())
  }

  /** Entries that the last run left are replayed by its configuration. Then this one takes its place. */
  async #catchUp(ingress: Ingress): Promise<void> {
    const { logger } = this.#log
    logger.info('the configuration has changed since the last run; its journal is processed under the old one first')
    await ingress.replayCompleted(new AbortController().signal)
    if (this.#phase === 'draining') return
    try {
      logger.info({ changes: await this.#reloader!.reload(this.#config) }, 'the new configuration has taken its place')
    } catch (error) {
      logger.error(
        { err: describeError(error) },
        'the new configuration cannot take its place; the one of the last run continues'
      )
    }
    this.#isCatchingUp = false
  }

  /**
   * Throws the problems of the configuration, or the reason why Weir cannot change to it. Everything is as before then.
   */
  async reload(): Promise<Change[]> {
    this.#assertReloadable()
    const { config, problems } = await this.#readAgain()
    if (config === undefined) throw new WeirError('CONFIG_INVALID', problems.format())
    // It took time to read.
    this.#assertReloadable()
    this.#secrets.addAll(config.secrets)
    const changes = await this.#reloader!.reload(config)
    this.#log.logger.info({ changes: changes.filter(({ outcome }) => outcome !== 'kept') }, 'reloaded')
    return changes
  }

  #assertReloadable(): void {
    if (this.#phase !== 'running') throw new WeirError('COMPONENT_FAILED', `Weir is ${this.#phase}; try again later`)
    if (this.#isCatchingUp)
      throw new WeirError('COMPONENT_FAILED', 'the data of the last run is still being processed; try again later')
  }

  async stop(): Promise<boolean> {
    this.#phase = 'draining'
    await this.#reloader?.settled
    const drained = await this.#runner!.stop(this.#config.service.shutdown_timeout)
    for (const stop of this.#stopTelemetry) await stop()
    await this.#workers?.close()
    await this.#admin?.stop(AbortSignal.timeout(ADMIN_STOP_MS))
    return drained
  }

  #baseServices(): BaseServices {
    const { service } = this.#config
    const series = new SeriesTable({ maxSeries: service.limits.series })
    const thread = { thread: 0, threads: 1 + workerThreads(service) }
    return {
      log: this.#log.logger,
      clock: systemClock,
      series,
      metrics: new Metrics(),
      access: new ServiceAccess(service, { log: this.#log.logger, clock: systemClock, series, ...thread }),
      stores: new StoreRegistry(),
      routes: new Map(),
      sites: new Map(),
      reports: new Set(),
      announcements: this.announcements,
      adminUrl: '',
      requestsWanted: new Set()
    }
  }
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise(resolve => {
    for (const name of SIGNALS) {
      process.once(name, () => {
        // From now on the default holds again: a second one kills.
        resolve(name)
      })
    }
  })
}

function describeStart(announcements: readonly Announcement[]): string {
  const lines = ['Weir is running:', ...announcements.map(({ what }) => `  ${what}`)]
  // Downstream components start first, but people send before they look. Extensions start last, and are looked at.
  const upstreamFirst = announcements.toReversed()
  const inOrder = [
    ...upstreamFirst.filter(({ isQuestion }) => isQuestion !== true),
    ...upstreamFirst.filter(({ isQuestion }) => isQuestion === true)
  ]
  const commands = inOrder.flatMap(({ command }) => (command === undefined ? [] : [command]))
  if (commands.length > 0) lines.push('', 'Try it:', ...commands.map(command => `  ${command}`))
  return lines.join('\n')
}
