import { isDeepStrictEqual } from 'node:util'
import { partitionedReceivers, pipelinesBehind } from '../../config/partitioned.ts'
import type { ComponentConfig, ResolvedConfig } from '../../config/resolved.ts'
import type { ServiceConfig } from '../../config/service.ts'
import { WeirError } from '../../errors.ts'
import type { Pipeline } from '../graph/pipeline.ts'
import { type BuiltReceiver, used, usedExtensions } from '../graph/topology.ts'

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
 * True if a receiver can run on: it is as it was, and so is, if it is partitioned, all behind it. Otherwise its partitions
 * are given up, and taken up from their checkpoints by tasks of the new configuration.
 */
export function isReceiverKept(
  { entry, config }: Pick<BuiltReceiver, 'entry' | 'config'>,
  next: ResolvedConfig
): boolean {
  const successor = used(next, 'receiver').find(({ id }) => id === entry.id)
  if (successor === undefined || !isSame(entry, successor)) return false
  const isPartitioned = partitionedReceivers(next).includes(successor)
  return !isPartitioned || isDeepStrictEqual(partsBehind(entry.id, config), partsBehind(entry.id, next))
}

function partsBehind(receiver: string, config: ResolvedConfig): unknown[] {
  const { components, service } = config
  const pipelines = pipelinesBehind(receiver, config).map(name => ({ name, ...service.pipelines[name] }))
  const parts = pipelines.flatMap(({ processors, exporters }) => [
    ...processors.map(id => components.processor.get(id)!),
    ...exporters.map(id => components.exporter.get(id)!)
  ])
  return [pipelines, ...parts.map(({ plugin, config: own, sendingQueue }) => [plugin.type, own, sendingQueue])]
}

/** Changes of receivers, exporters or extensions. */
export function changesOf(
  kind: 'receiver' | 'exporter' | 'extension',
  now: readonly ComponentConfig[],
  next: ResolvedConfig,
  isUnchanged: (before: ComponentConfig, entry: ComponentConfig) => boolean = isSame
): Change[] {
  const coming = kind === 'extension' ? usedExtensions(next) : used(next, kind)
  const changes = coming.map((entry): Change => {
    const before = now.find(({ id }) => id === entry.id)
    const outcome = before === undefined ? 'added' : isUnchanged(before, entry) ? 'kept' : 'replaced'
    return { component: `${kind} ${entry.id}`, outcome }
  })
  const gone = now.filter(({ id }) => !coming.some(entry => entry.id === id))
  return [...changes, ...gone.map(({ id }): Change => ({ component: `${kind} ${id}`, outcome: 'removed' }))]
}
