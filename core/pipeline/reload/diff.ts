import { isDeepStrictEqual } from 'node:util'
import { partitionedReceivers, pipelinesBehind } from '../../config/partitioned.ts'
import type { ComponentConfig, ResolvedConfig } from '../../config/resolved.ts'
import type { ServiceConfig } from '../../config/service.ts'
import { WeirError } from '../../errors.ts'
import type { Pipeline } from '../graph/pipeline.ts'
import { used, usedExtensions } from '../graph/topology.ts'

/**
 * `kept`: it runs on, untouched. `state kept`: made anew, with the state of the one before, or all but `reset` of it.
 * `reset`: made anew without state, since it cannot use that of the one before, which was sent as it stood.
 */
export type ChangeKind = 'kept' | 'state kept' | 'reset' | 'replaced' | 'added' | 'removed'

/** The change of a component, as users name it: `exporter clickhouse`, `processor dedup in counts`. */
export interface Change {
  readonly component: string
  readonly outcome: ChangeKind
  /** In words: the part of the state that was not kept, but sent as it stood. */
  readonly reset?: string
}

export function isSame(a: ComponentConfig, b: ComponentConfig): boolean {
  return (
    a.id === b.id &&
    a.plugin === b.plugin &&
    isDeepStrictEqual(a.config, b.config) &&
    isDeepStrictEqual(a.sendingQueue, b.sendingQueue)
  )
}

/** Throws `CONFIG_INVALID` if the two differ in an option that is decided at the start. */
export function checkService(now: ServiceConfig, next: ServiceConfig): void {
  const keys = [...new Set([...Object.keys(now), ...Object.keys(next)])] as (keyof ServiceConfig)[]
  const changed = keys.filter(
    key => key !== 'pipelines' && key !== 'extensions' && !isDeepStrictEqual(now[key], next[key])
  )
  if (changed.length > 0)
    throw new WeirError(
      'CONFIG_INVALID',
      `service.${changed.join(' and service.')} cannot change while Weir runs: take the change back, or stop Weir and start it anew`
    )
}

/** True if a pipeline can run on: it and all its parts are as they were. */
export function isKept(pipeline: Pipeline, now: ReadonlyMap<string, ComponentConfig>, next: ResolvedConfig): boolean {
  const { name, config, processors } = pipeline
  if (!isDeepStrictEqual(next.service.pipelines[name], config)) return false
  const { processor, exporter } = next.components
  return (
    processors.every(({ component, entry }) => isSame(entry, processor.get(component.id)!)) &&
    config.exporters.every(id => now.has(id) && isSame(now.get(id)!, exporter.get(id)!))
  )
}

/**
 * Throws `CONFIG_INVALID` if pipelines behind a receiver of partitions change: their tasks have state that no reload hands
 * over. At a restart each takes up its checkpoint.
 */
export function checkPartitionedUnchanged(now: ResolvedConfig, next: ResolvedConfig): void {
  const ids = new Set([...partitionedReceivers(now), ...partitionedReceivers(next)].map(({ id }) => id))
  const changed = [...ids].filter(id => !isDeepStrictEqual(partsBehind(id, now), partsBehind(id, next)))
  if (changed.length > 0)
    throw new WeirError(
      'CONFIG_INVALID',
      `the pipelines behind receiver ${changed.join(', ')} cannot change while Weir runs: take the change back, or stop Weir and start it anew`
    )
}

function partsBehind(receiver: string, config: ResolvedConfig): unknown[] {
  const { components, service } = config
  const pipelines = pipelinesBehind(receiver, config).map(name => ({ name, ...service.pipelines[name] }))
  const parts = pipelines.flatMap(({ processors, exporters }) => [
    ...processors.map(id => components.processor.get(id)!),
    ...exporters.map(id => components.exporter.get(id)!)
  ])
  const entries = [components.receiver.get(receiver), ...parts]
  return [pipelines, ...entries.map(entry => entry && [entry.plugin.type, entry.config, entry.sendingQueue])]
}

/** Changes of receivers, exporters or extensions. */
export function changesOf(
  kind: 'receiver' | 'exporter' | 'extension',
  now: readonly ComponentConfig[],
  next: ResolvedConfig
): Change[] {
  const coming = kind === 'extension' ? usedExtensions(next) : used(next, kind)
  const changes = coming.map((entry): Change => {
    const before = now.find(({ id }) => id === entry.id)
    const outcome = before === undefined ? 'added' : isSame(before, entry) ? 'kept' : 'replaced'
    return { component: `${kind} ${entry.id}`, outcome }
  })
  const gone = now.filter(({ id }) => !coming.some(entry => entry.id === id))
  return [...changes, ...gone.map(({ id }): Change => ({ component: `${kind} ${id}`, outcome: 'removed' }))]
}
