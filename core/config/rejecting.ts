import type { Plugin } from '../plugin/contract.ts'
import type { Position, Problems } from './problems.ts'
import type { ServiceConfig } from './service.ts'

interface ConfiguredProcessor {
  readonly id: string
  readonly plugin: Plugin
  readonly config: unknown
  readonly position: Position
}

/**
 * Checks that no processor nacks batches behind a journal: their senders were told already that the journal has them.
 */
export function checkRejecting(
  processors: Iterable<ConfiguredProcessor>,
  { journal, pipelines }: ServiceConfig,
  problems: Problems
): void {
  if (journal === undefined) return
  for (const { id, plugin, config, position } of processors) {
    if (plugin.kind !== 'processor' || plugin.rejects?.(config) !== true) continue
    if (!Object.values(pipelines).some(pipeline => pipeline.processors.includes(id))) continue
    problems.error(
      position,
      `processor "${id}" may nack batches, but with a journal their senders were told before that they had arrived; let it drop instead if it can, or remove it`
    )
  }
}
