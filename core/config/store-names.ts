import { EXPORTER_NAME } from '../plugin/stores.ts'
import { type MappingNode, nodeAt } from './document.ts'
import { visitMarked } from './marked.ts'
import { formatPath, type Problems, suggest } from './problems.ts'
import type { ResolvedConfig } from './resolved.ts'

/** Checks the names by which components refer to exporters whose stores they ask: a pipeline must use them. */
export function checkStoreNames(root: MappingNode, { components, service }: ResolvedConfig, problems: Problems): void {
  const used = new Set(Object.values(service.pipelines).flatMap(({ exporters }) => exporters))
  for (const kind of ['receiver', 'extension'] as const)
    for (const { id, plugin, config } of components[kind].values())
      visitMarked(plugin.schema, config, EXPORTER_NAME, (name, path) => {
        if (used.has(name as string)) return
        const at = [`${kind}s`, id, ...path]
        const hint = suggest(name as string, [...used])
        problems.error(nodeAt(root, at).position, `${formatPath(at)}: no pipeline has an exporter "${name}"${hint}`)
      })
}
