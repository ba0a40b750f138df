import { addPipelineMetrics } from '../admin/pipeline-metrics.ts'
import { AdminServer } from '../admin/server.ts'
import type { Phase } from '../admin/status.ts'
import { formatDuration } from '../config/units.ts'
import { type ResolvedConfig, readConfig } from '../config/validate.ts'
import { describeError } from '../errors.ts'
import { SeriesRegistry } from '../model/series.ts'
import { buildTopology } from '../pipeline/build.ts'
import type { Announcement, Services } from '../pipeline/component.ts'
import { CreditPool } from '../pipeline/credits.ts'
import { Runner } from '../pipeline/lifecycle.ts'
import { StateStore } from '../pipeline/state-store.ts'
import { systemClock } from '../telemetry/clock.ts'
import { Log } from '../telemetry/log.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { exportByOtlp } from '../telemetry/otlp-export.ts'
import { addProcessMetrics } from '../telemetry/process-metrics.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

const ADMIN_STOP_MS = 1000
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Runs what the files say until a signal comes, then drains. A second signal ends it at once. */
export async function run(
  terminal: Terminal,
  files: readonly string[],
  options: { readonly discardState: boolean }
): Promise<number> {
  const { config, problems } = await readConfig(files, process.env, terminal.registry)
  if (problems.all.length > 0) terminal.error(problems.format())
  if (config === undefined) return EXIT.invalid
  const weir = new Weir(config)
  const stopped = nextSignal()
  try {
    await weir.start(options)
  } catch (error) {
    terminal.error(describeError(error))
    return EXIT.startFailed
  }
  terminal.out(describeStart(weir.announcements))
  const signal = await stopped
  terminal.out(
    `${signal}: draining, for at most ${formatDuration(config.service.shutdown_timeout)}; again to stop at once`
  )
  const drained = await weir.stop()
  terminal.out(drained ? 'drained' : 'not everything could be sent in time; its senders were told')
  return drained ? EXIT.ok : EXIT.notDrained
}

/** One running configuration: components, admin server, telemetry. */
class Weir {
  #config: ResolvedConfig
  #log: Log
  #services: Services
  #phase: Phase = 'starting'
  #runner: Runner | undefined
  #admin: AdminServer | undefined
  #stopTelemetry: (() => void | Promise<void>)[] = []

  constructor(config: ResolvedConfig) {
    const { log, limits, state_dir } = config.service
    this.#config = config
    this.#log = new Log(log.level)
    this.#services = {
      log: this.#log.logger,
      clock: systemClock,
      series: new SeriesRegistry(),
      metrics: new Metrics(),
      credits: new CreditPool(limits.in_flight),
      ownedCredits: new CreditPool(limits.owned),
      durable: state_dir !== undefined,
      routes: new Map(),
      announcements: [],
      adminUrl: ''
    }
  }

  get announcements(): readonly Announcement[] {
    return this.#services.announcements
  }

  async start({ discardState }: { readonly discardState: boolean }): Promise<void> {
    const { admin, state_dir, telemetry } = this.#config.service
    const services = this.#services
    const state = state_dir === undefined ? undefined : new StateStore(state_dir)
    if (discardState) state?.discard()
    const topology = buildTopology(this.#config, services)
    addPipelineMetrics(services.metrics, topology, services)
    this.#stopTelemetry.push(addProcessMetrics(services.metrics))
    this.#admin = new AdminServer(admin.endpoint, topology, services, () => ({
      phase: this.#phase,
      problems: this.#log.problems
    }))
    await this.#admin.start()
    this.#runner = new Runner(topology, { log: services.log, clock: services.clock, state })
    await this.#runner.start(new AbortController().signal)
    if (telemetry.otlp_endpoint !== undefined) {
      this.#stopTelemetry.push(await exportByOtlp(services.metrics, telemetry.otlp_endpoint, telemetry.interval))
    }
    this.#phase = 'running'
    services.log.info('running')
  }

  async stop(): Promise<boolean> {
    this.#phase = 'draining'
    const drained = await this.#runner!.stop(this.#config.service.shutdown_timeout)
    for (const stop of this.#stopTelemetry) await stop()
    await this.#admin?.stop(AbortSignal.timeout(ADMIN_STOP_MS))
    return drained
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
  const commands = announcements.flatMap(({ command }) => (command === undefined ? [] : [command]))
  if (commands.length > 0) lines.push('', 'Try it:', ...commands.map(command => `  ${command}`))
  return lines.join('\n')
}
