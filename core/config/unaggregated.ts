import { PIPELINE_PREFIX } from './graph.ts'
import type { Problems } from './problems.ts'
import type { ResolvedConfig } from './resolved.ts'

/**
 * Warns if measurements go as they come to a store that keeps one value of a series and time. Of two that leave apart
 * the later one replaces the other, and nobody can count that.
 */
export function checkUnaggregated(config: ResolvedConfig, problems: Problems): void {
  const { components, service } = config
  for (const { id, plugin, position } of components.receiver.values()) {
    if (plugin.kind !== 'receiver' || plugin.unaggregated !== true) continue
    for (const pipeline of reachedUnaggregated(id, config)) {
      for (const exporter of service.pipelines[pipeline].exporters) {
        const store = components.exporter.get(exporter)!
        if (store.plugin.kind !== 'exporter' || store.plugin.keepsOnePerTime?.(store.config) !== true) continue
        problems.warn(
          position,
          `receiver "${id}" sends measurements as they come, and exporter "${exporter}" in pipeline "${pipeline}" keeps one value of a series and time: others of that time are lost uncounted; put a processor in between that aggregates all of them, such as windowed_counter`
        )
      }
    }
  }
}

/** Pipelines whose exporters see measurements of `receiver` as they came. */
function reachedUnaggregated(receiver: string, { components, service }: ResolvedConfig): Set<string> {
  const sources = new Set([receiver])
  const reached = new Set<string>()
  // The loop also visits the sources it adds meanwhile.
  for (const source of sources) {
    for (const [name, { receivers, processors, items }] of Object.entries(service.pipelines)) {
      // Each event is a row of its own, whatever its time.
      if (!receivers.includes(source) || items?.includes('points') === false) continue
      const aggregates = processors.some(id => {
        const { plugin, config } = components.processor.get(id)!
        return plugin.kind === 'processor' && plugin.aggregates?.(config) === true
      })
      if (aggregates) continue
      reached.add(name)
      sources.add(PIPELINE_PREFIX + name)
    }
  }
  return reached
}
