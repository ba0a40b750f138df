import { PIPELINE_PREFIX } from './graph.ts'
import type { Problems } from './problems.ts'
import type { ResolvedConfig } from './resolved.ts'

/**
 * Checks that a processor that corrects values it sent before leads only to stores that replace them. Other stores show
 * the old value, or now one and now the other.
 */
export function checkCorrections(config: ResolvedConfig, problems: Problems): void {
  const { components, service } = config
  for (const [name, { processors }] of Object.entries(service.pipelines)) {
    for (const id of processors) {
      const { plugin, config: own, position } = components.processor.get(id)!
      if (plugin.kind !== 'processor' || plugin.corrects?.(own) !== true) continue
      for (const exporter of exportersBehind(name, config)) {
        const store = components.exporter.get(exporter)!
        const upsert = (store.plugin.kind === 'exporter' && store.plugin.upsert?.(store.config)) || 'identical'
        if (upsert === 'replace') continue
        problems.error(
          position,
          `processor "${id}" corrects values it has sent (late: amend), but exporter "${exporter}" cannot replace them (${KEEPS[upsert]}); use late: add, or an exporter that replaces, such as clickhouse`
        )
      }
    }
  }
}

const KEEPS = {
  identical: 'of two values for one series and time it keeps either',
  max: 'of two values for one series and time it keeps the larger'
}

/** Exporters of the pipeline and of those it feeds; each pipeline is looked at once, by however many ways it is fed. */
function exportersBehind(pipeline: string, config: ResolvedConfig): Set<string> {
  const { pipelines } = config.service
  const fed = new Set([pipeline])
  // The loop also visits the names added meanwhile.
  for (const name of fed)
    for (const [next, { receivers }] of Object.entries(pipelines))
      if (receivers.includes(PIPELINE_PREFIX + name)) fed.add(next)
  return new Set([...fed].flatMap(name => pipelines[name].exporters))
}
