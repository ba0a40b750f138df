import { isDeepStrictEqual } from 'node:util'
import type { ComponentConfig, ResolvedConfig } from '../../config/resolved.ts'
import type { PipelineConfig } from '../../config/service.ts'
import { WeirError } from '../../errors.ts'
import type { Plugin } from '../../plugin/contract.ts'
import type { Topology } from '../graph/topology.ts'

/**
 * The part of the configuration that decides the output for a given input. A checkpoint has it beside the state. V8 can
 * serialize it.
 */
export interface SavedPlan {
  readonly pipelines: Readonly<Record<string, PipelineConfig>>
  readonly processors: Readonly<Record<string, { readonly type: string; readonly config: unknown }>>
}

export function planOf({ pipelines }: Pick<Topology, 'pipelines'>): SavedPlan {
  const processors = pipelines.flatMap(pipeline => pipeline.processors)
  return {
    pipelines: Object.fromEntries(pipelines.map(({ name, config }) => [name, config])),
    processors: Object.fromEntries(
      processors.map(({ entry: { id, plugin, config } }) => [id, { type: plugin.type, config }])
    )
  }
}

/**
 * `config` with the pipelines and processors of the last run. Entries that came in under those are replayed by those,
 * or the output would differ from that before the crash. It goes to the exporters of today. Returns `config` itself if
 * they are the same.
 */
export async function asInLastRun(
  { pipelines, processors }: SavedPlan,
  config: ResolvedConfig,
  findProcessor: (type: string) => Promise<Plugin | undefined>
): Promise<ResolvedConfig> {
  const now = config.components.processor
  const isSame = ([id, saved]: [string, SavedPlan['processors'][string]]) =>
    now.get(id)?.plugin.type === saved.type && isDeepStrictEqual(now.get(id)!.config, saved.config)
  const before = Object.entries(processors)
  if (isDeepStrictEqual(pipelines, config.service.pipelines) && before.every(isSame)) return config
  const entries = await Promise.all(
    before.map(async ([id, { type, config: own }]): Promise<[string, ComponentConfig]> => {
      const plugin = await findProcessor(type)
      if (plugin === undefined)
        throw new WeirError(
          'STATE_INVALID',
          `the last run had the processor ${id}, and there is no plugin for it any more: bring it back under plugins, or start with --discard-state`
        )
      return [id, { id, plugin, config: own, position: { file: '', line: 0, column: 0 } }]
    })
  )
  const { exporter } = config.components
  const asNow = ([name, own]: [string, PipelineConfig]): [string, PipelineConfig] => {
    const stillThere = own.exporters.filter(id => exporter.has(id))
    // They may be there under another name: the output must not go nowhere.
    const isCutOff = own.exporters.length > 0 && stillThere.length === 0
    const exporters = isCutOff ? (config.service.pipelines[name]?.exporters ?? []) : stillThere
    return [name, { ...own, exporters }]
  }
  return {
    ...config,
    components: { ...config.components, processor: new Map(entries) },
    service: {
      ...config.service,
      pipelines: Object.fromEntries(Object.entries(pipelines).map(asNow))
    }
  }
}
