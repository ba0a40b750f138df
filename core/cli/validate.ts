import { CreditPool } from '../batch/credits.ts'
import type { ResolvedConfig } from '../config/resolved.ts'
import { readConfig } from '../config/validate.ts'
import { describeError } from '../errors.ts'
import { SeriesTable } from '../model/series-table/series-table.ts'
import { Component } from '../pipeline/graph/component.ts'
import { idleServices } from '../pipeline/graph/idle-services.ts'
import type { Services } from '../pipeline/graph/services.ts'
import { trialOf } from '../pipeline/graph/trial.ts'
import type { Exporter } from '../plugin/contract.ts'
import { systemClock } from '../telemetry/clock.ts'
import { Log } from '../telemetry/log.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { describeConfig } from './describe.ts'
import { EXIT } from './exit-codes.ts'
import { type MemoryLimits, memoryLimits, memoryWarning } from './memory-warning.ts'
import type { Terminal } from './terminal.ts'

const PROBE_TIMEOUT_MS = 10_000

/**
 * Prints problems. If there are no errors, also prints the graph and a warning if it may need more memory than there
 * is. With `probe` every backend is asked for an answer.
 */
export async function validate(
  terminal: Terminal,
  files: readonly string[],
  probe: boolean,
  limits: MemoryLimits = memoryLimits()
): Promise<number> {
  if (files.length === 0) {
    terminal.error('give at least one configuration file: weir validate weir.yaml')
    return EXIT.usage
  }
  const { config, problems } = await readConfig(files, process.env, terminal.registry)
  if (problems.all.length > 0) terminal.error(problems.format())
  if (config === undefined) return EXIT.invalid
  const services = probeServices()
  const operators = [...config.components.processor.values()].filter(entry => 'operator' in trialOf(entry, services))
  terminal.out(describeConfig(config, new Set(operators.map(({ id }) => id))))
  const warning = memoryWarning(config, limits)
  if (warning !== undefined) terminal.error(warning)
  return !probe || (await probeAll(terminal, config)) ? EXIT.ok : EXIT.invalid
}

async function probeAll(terminal: Terminal, config: ResolvedConfig): Promise<boolean> {
  const services = probeServices()
  let allWell = true
  for (const { id, plugin, config: own } of config.components.exporter.values()) {
    const component = new Component('exporter', id, undefined, services.log)
    const exporter = plugin.create(own, component.context(services)) as Exporter
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS)
    try {
      await exporter.start?.(signal)
      await exporter.probe?.(signal)
      terminal.out(exporter.probe === undefined ? `exporter ${id}: nothing to probe` : `exporter ${id}: answers`)
    } catch (error) {
      allWell = false
      terminal.error(`exporter ${id}: ${config.secrets.hide(describeError(error))}`)
    } finally {
      await exporter.stop?.(signal)
    }
  }
  return allWell
}

function probeServices(): Services {
  return {
    ...idleServices(),
    log: new Log('silent').logger,
    clock: systemClock,
    pipelineClock: systemClock,
    series: new SeriesTable(),
    metrics: new Metrics(),
    credits: new CreditPool(0),
    requestsWanted: new Set()
  }
}
