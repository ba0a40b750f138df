import { addPipelineMetrics } from '../admin/pipeline-metrics.ts'
import { AdminServer } from '../admin/server.ts'
import type { Phase } from '../admin/status.ts'
import { formatDuration } from '../config/units.ts'
import { type ResolvedConfig, readConfig } from '../config/validate.ts'
import { describeError } from '../errors.ts'
import { SeriesRegistry } from '../model/series.ts'
import type { Announcement } from '../pipeline/component.ts'
import { type BaseServices, prepareDelivery } from '../pipeline/delivery.ts'
import { Runner } from '../pipeline/lifecycle.ts'
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
  terminal.out(drained ? 'drained' : 'not everything could be sent or kept in time; the log says what')
  return drained ? EXIT.ok : EXIT.notDrained
}

/** One running configuration: components, admin server, telemetry. */
class Weir {
  #config: ResolvedConfig
  #log: Log
  #phase: Phase = 'starting'
  #runner: Runner | undefined
  #admin: AdminServer | undefined
  #stopTelemetry: (() => void | Promise<void>)[] = []
  readonly announcements: Announcement[] = []

  constructor(config: ResolvedConfig) {
    this.#config = config
    this.#log = new Log(config.service.log.level)
  }

  async start({ discardState }: { readonly discardState: boolean }): Promise<void> {
    const { admin, telemetry } = this.#config.service
    const delivery = await prepareDelivery(this.#config, this.#baseServices(), discardState)
    const { log, clock, metrics } = delivery.services
    addPipelineMetrics(metrics, delivery)
    this.#stopTelemetry.push(addProcessMetrics(metrics))
    this.#admin = new AdminServer(admin.endpoint, delivery, () => ({
      phase: this.#phase,
      problems: this.#log.problems
    }))
    await this.#admin.start()
    const { topology, entrance, keeper } = delivery
    this.#runner = new Runner(topology, { log, clock, entrance, keeper })
    await this.#runner.start(new AbortController().signal)
    if (telemetry.otlp_endpoint !== undefined) {
      this.#stopTelemetry.push(await exportByOtlp(metrics, telemetry.otlp_endpoint, telemetry.interval, log))
    }
    this.#phase = 'running'
    log.info('running')
  }

  async stop(): Promise<boolean> {
    this.#phase = 'draining'
    const drained = await this.#runner!.stop(this.#config.service.shutdown_timeout)
    for (const stop of this.#stopTelemetry) await stop()
    await this.#admin?.stop(AbortSignal.timeout(ADMIN_STOP_MS))
    return drained
  }

  #baseServices(): BaseServices {
    return {
      log: this.#log.logger,
      clock: systemClock,
      series: new SeriesRegistry(),
      metrics: new Metrics(),
      routes: new Map(),
      announcements: this.announcements,
      adminUrl: '',
      requestsWanted: false
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
  const commands = announcements.flatMap(({ command }) => (command === undefined ? [] : [command]))
  // What is downstream starts first, but people send before they look.
  if (commands.length > 0) lines.push('', 'Try it:', ...commands.toReversed().map(command => `  ${command}`))
  return lines.join('\n')
}
