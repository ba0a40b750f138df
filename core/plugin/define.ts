import type { Block } from '../model/block.ts'
import type { ConfigOf } from './config-of.ts'
import type { Context } from './context.ts'
import {
  API_VERSION,
  type BatchProcessor,
  type ConfigSchema,
  type Exporter,
  type ExporterPlugin,
  type Extension,
  type ExtensionPlugin,
  type MapProcessor,
  type Port,
  type Processor,
  type ProcessorPlugin,
  type Receiver,
  type ReceiverPlugin,
  type StreamProcessor
} from './contract.ts'

/** Blocks that come in by a port. */
export type BlockOf<P extends Port> = P extends 'any' ? Block : Extract<Block, { readonly type: P }>

/** A {@link MapProcessor} that is given the blocks its port takes. */
export interface MapProcessorOf<P extends Port> extends Omit<MapProcessor, 'process'> {
  process(block: BlockOf<P>): Block
}
/** An {@link Exporter} that is given the blocks its port takes. */
export interface ExporterOf<P extends Port> extends Omit<Exporter, 'export'> {
  export(block: BlockOf<P>, signal: AbortSignal): Promise<void>
}

type Given = 'api' | 'kind' | 'schema' | 'create' | 'check'
/** A plugin without the properties that are known already. */
type Rest<Plugin> = Omit<Plugin, Given>

interface Typed<S extends ConfigSchema, Instance> {
  readonly schema: S
  check?: ReceiverPlugin<ConfigOf<S>>['check']
  create(config: ConfigOf<S>, context: Context): Instance
}

/** A receiver whose `config` has the type that its schema says. */
export function defineReceiver<const S extends ConfigSchema>(
  plugin: Rest<ReceiverPlugin<ConfigOf<S>>> & Typed<S, Receiver>
): ReceiverPlugin<ConfigOf<S>> {
  return { ...plugin, api: API_VERSION, kind: 'receiver' }
}

/** A processor whose `config` has the type that its schema says, and `process` the block that its port takes. */
export function defineProcessor<const S extends ConfigSchema, const P extends Port>(
  plugin: Omit<Rest<ProcessorPlugin<ConfigOf<S>>>, 'ports'> & {
    readonly ports: { readonly in: P; readonly out: Port }
  } & Typed<S, MapProcessorOf<P> | BatchProcessor | StreamProcessor>
): ProcessorPlugin<ConfigOf<S>> {
  // The graph joins only ports that fit, so nothing else comes in.
  const create = plugin.create as (config: ConfigOf<S>, context: Context) => Processor
  return { ...plugin, create, api: API_VERSION, kind: 'processor' }
}

/** An exporter whose `config` has the type that its schema says, and `export` the block that its port takes. */
export function defineExporter<const S extends ConfigSchema, const P extends Port>(
  plugin: Omit<Rest<ExporterPlugin<ConfigOf<S>>>, 'ports'> & { readonly ports: { readonly in: P } } & Typed<
      S,
      ExporterOf<P>
    >
): ExporterPlugin<ConfigOf<S>> {
  const create = plugin.create as (config: ConfigOf<S>, context: Context) => Exporter
  return { ...plugin, create, api: API_VERSION, kind: 'exporter' }
}

/** An extension whose `config` has the type that its schema says. */
export function defineExtension<const S extends ConfigSchema>(
  plugin: Rest<ExtensionPlugin<ConfigOf<S>>> & Typed<S, Extension>
): ExtensionPlugin<ConfigOf<S>> {
  return { ...plugin, api: API_VERSION, kind: 'extension' }
}
