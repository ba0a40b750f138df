import { PIPELINE_PREFIX, pipelineOrder } from './graph.ts'
import type { Problems } from './problems.ts'
import type { ComponentConfig, ResolvedConfig } from './resolved.ts'

/**
 * Checks the pipelines behind receivers that read partitions. Such pipelines run once for each partition, and the log of
 * partitions is their journal. So they take from nothing else, and there is no journal beside it.
 */
export function checkPartitioned(config: ResolvedConfig, problems: Problems): void {
  const { components, service } = config
  for (const { id, position } of partitionedReceivers(config)) {
    const behind = pipelinesBehind(id, config)
    if (behind.length === 0) continue
    if (service.journal !== undefined)
      problems.error(
        position,
        `receiver "${id}" reads a log that is its journal, and cannot be beside service.journal; remove service.journal, or let another process run the pipelines of other receivers`
      )
    for (const name of behind) {
      const others = service.pipelines[name].receivers.filter(
        other => other !== id && !behind.some(pipeline => PIPELINE_PREFIX + pipeline === other)
      )
      if (others.length > 0)
        problems.error(
          position,
          `pipeline "${name}" takes from "${id}", whose partitions have their processors each, and from ${others.map(other => `"${other}"`).join(', ')}; make two pipelines of it`
        )
    }
    for (const processor of new Set(behind.flatMap(name => service.pipelines[name].processors))) {
      const { plugin: of, config: own, position: at } = components.processor.get(processor)!
      if (of.kind === 'processor' && of.rejects?.(own) === true)
        problems.error(
          at,
          `processor "${processor}" may nack batches, but "${id}" cannot ask for them again; let it drop instead if it can, or remove it`
        )
    }
  }
}

/** Receivers that read partitions of a log. */
export function partitionedReceivers({ components }: Pick<ResolvedConfig, 'components'>): ComponentConfig[] {
  return [...components.receiver.values()].filter(({ plugin }) => plugin.kind === 'receiver' && plugin.partitioned)
}

/** The pipelines that get data of a receiver, each after those it takes from. */
export function pipelinesBehind(receiver: string, { service }: Pick<ResolvedConfig, 'service'>): string[] {
  const behind = new Set<string>()
  const order = pipelineOrder(new Map(Object.entries(service.pipelines).map(([name, own]) => [name, own.receivers])))
  for (const name of order) {
    const { receivers } = service.pipelines[name]
    const isBehind = (id: string) =>
      id === receiver || (id.startsWith(PIPELINE_PREFIX) && behind.has(id.slice(PIPELINE_PREFIX.length)))
    if (receivers.some(isBehind)) behind.add(name)
  }
  return [...behind]
}
