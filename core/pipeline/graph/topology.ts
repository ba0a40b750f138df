import { PIPELINE_PREFIX, pipelineOrder } from '../../config/graph.ts'
import { given, type PipelinePorts } from '../../config/item-flow.ts'
import type { ComponentConfig, ResolvedConfig } from '../../config/resolved.ts'
import { ConfiguredTenants } from '../../http/tenants/tenants.ts'
import type {
  Exporter,
  ExporterPlugin,
  Extension,
  ItemType,
  PipelineKind,
  Processor,
  ProcessorPlugin,
  Receiver,
  ReceiverPlugin
} from '../../plugin/contract.ts'
import { SendingQueue } from '../sending-queue/sending-queue.ts'
import { BlockTenants } from '../sending-queue/tenant-turns.ts'
import { WorkerReceiver } from '../workers/worker-receiver.ts'
import { Component } from './component.ts'
import { fanOut, ReceiverFanOut, type Sink } from './fan-out.ts'
import { Pipeline } from './pipeline.ts'
import type { Services } from './services.ts'

export interface BuiltReceiver {
  readonly component: Component
  /** The configuration it was made of. */
  readonly entry: ComponentConfig
  /** All of it: the tasks of a partitioned receiver are made of what is behind it. */
  readonly config: ResolvedConfig
  readonly receiver: Receiver
}
export interface BuiltExporter {
  readonly component: Component
  readonly entry: ComponentConfig
  readonly exporter: Exporter
  readonly sendingQueue: SendingQueue
}

export interface BuiltExtension {
  readonly component: Component
  readonly entry: ComponentConfig
  readonly extension: Extension
}

/** Components, connected. One object for as long as Weir runs; a reload exchanges its parts. */
export interface Topology {
  receivers: readonly BuiltReceiver[]
  /** Each after those it takes from. */
  pipelines: readonly Pipeline[]
  /** Includes exporters that a reload took out of every pipeline, until their queues are empty. */
  exporters: readonly BuiltExporter[]
  extensions: readonly BuiltExtension[]
}

/**
 * Creates every component that a pipeline uses and connects them.
 * @param waitedFor exporters with batches on disk. They are created too, even if no pipeline uses them any more, or
 *   only once the last run is replayed
 */
export function buildTopology(
  config: ResolvedConfig,
  services: Services,
  waitedFor: ReadonlySet<string> = new Set()
): Topology {
  const usedExporters = used(config, 'exporter')
  const exporters = [...config.components.exporter.values()]
  const topology = {
    exporters: exporters
      .filter(entry => usedExporters.includes(entry) || waitedFor.has(entry.id))
      .map(entry => createExporter(entry, services)),
    pipelines: pipelineNames(config).map(name => createPipeline(name, config, services)),
    receivers: used(config, 'receiver').map(entry => createReceiver(entry, config, services)),
    extensions: usedExtensions(config).map(entry => createExtension(entry, services))
  }
  connect(topology, services)
  return topology
}

/** The components of a kind that pipelines refer to. */
export function used({ service, components }: ResolvedConfig, kind: PipelineKind): ComponentConfig[] {
  const ids = new Set(Object.values(service.pipelines).flatMap(pipeline => pipeline[`${kind}s`]))
  return [...components[kind].values()].filter(({ id }) => ids.has(id))
}

export function usedExtensions({ service, components }: ResolvedConfig): ComponentConfig[] {
  return service.extensions.map(id => components.extension.get(id)!)
}

/** In an order in which each comes after those it takes from. */
export function pipelineNames({ service }: ResolvedConfig): string[] {
  return pipelineOrder(new Map(Object.entries(service.pipelines).map(([name, { receivers }]) => [name, receivers])))
}

export function createReceiver(entry: ComponentConfig, config: ResolvedConfig, services: Services): BuiltReceiver {
  const { id, plugin } = entry
  const component = new Component('receiver', id, undefined, services.log, services)
  const { workers } = services
  const place = (plugin as ReceiverPlugin).workers
  if (workers === undefined || place === undefined)
    return { component, entry, config, receiver: plugin.create(entry.config, component.context(services)) as Receiver }
  const spec = workers.specOf(id, plugin, entry.config)
  return { component, entry, config, receiver: new WorkerReceiver(spec, component, services, workers.place(place)) }
}

export function createExporter(entry: ComponentConfig, services: Services): BuiltExporter {
  const { id, plugin, config, sendingQueue } = entry
  const component = new Component('exporter', id, undefined, services.log, services)
  const context = component.context(services)
  const exporter = plugin.create(config, context) as Exporter
  if (exporter.queryable !== undefined) component.disposeWith(services.stores.add(id, exporter.queryable))
  const { tenants } = services.access
  if (tenants instanceof ConfiguredTenants) component.edges.sent.watch(tenants.exported)
  const host = {
    ...context,
    deadLetters: services.deadLetters,
    edges: component.edges,
    tenants: tenants && new BlockTenants()
  }
  return { component, entry, exporter, sendingQueue: new SendingQueue(exporter, sendingQueue!, host) }
}

export function createExtension(entry: ComponentConfig, services: Services): BuiltExtension {
  const { id, plugin, config } = entry
  const component = new Component('extension', id, undefined, services.log, services)
  return { component, entry, extension: plugin.create(config, component.context(services)) as Extension }
}

/** @param copy it is made for one partition, and stands for `pipeline` */
export function createPipeline(
  name: string,
  config: ResolvedConfig,
  services: Services,
  copy?: { readonly partition: string; readonly pipeline: Pipeline }
): Pipeline {
  const own = config.service.pipelines[name]
  const parts = own.processors.map((id, i) => {
    const entry = config.components.processor.get(id)!
    const copyOf = copy && { partition: copy.partition, component: copy.pipeline.processors[i].component }
    const component = new Component('processor', id, name, services.log, { ...services, copy: copyOf })
    return { component, entry, processor: entry.plugin.create(entry.config, component.context(services)) as Processor }
  })
  return new Pipeline(name, own, parts, services)
}

/**
 * Connects every pipeline to the consumers that the configuration names.
 * @param before the sink in front of an exporter's sending queue
 */
export function connect(
  { pipelines, exporters }: Pick<Topology, 'pipelines' | 'exporters'>,
  { replayed }: Pick<Services, 'replayed'>,
  before: (sendingQueue: Sink) => Sink = sendingQueue => sendingQueue
): void {
  for (const pipeline of pipelines) {
    const sendingQueues = exporters
      .filter(({ component }) => pipeline.config.exporters.includes(component.id) && !component.isLeaving)
      .map(({ sendingQueue }) => before(sendingQueue))
    const fed = pipelines.filter(({ config }) => config.receivers.includes(PIPELINE_PREFIX + pipeline.name))
    pipeline.connect(fanOut([...sendingQueues, ...fed], replayed))
  }
}

/** The pipelines fed by each receiver, by receiver id. */
export function sinksOf(topology: Topology, { replayed }: Services): Map<string, ReceiverFanOut> {
  const { pipelines } = topology
  // Includes receivers that are gone: their entries may still be in the journal.
  const ids = new Set(pipelines.flatMap(({ config }) => config.receivers.filter(id => !id.startsWith(PIPELINE_PREFIX))))
  const fedBy = (id: string) => pipelines.filter(({ config }) => config.receivers.includes(id))
  const named = (id: string) =>
    new Map(fedBy(id).map(pipeline => [pipeline.name, { sink: pipeline, takes: typesOf(id, pipeline, topology) }]))
  return new Map([...ids].map(id => [id, new ReceiverFanOut(named(id), replayed)]))
}

/** The types of items that a pipeline takes from a receiver. */
export function typesOf(receiver: string, pipeline: Pipeline, topology: Topology): Set<ItemType> {
  const plugin = topology.receivers.find(({ entry }) => entry.id === receiver)?.entry.plugin as
    | ReceiverPlugin
    | undefined
  // Entries of one that is gone may be of every type.
  return new Set(given(plugin?.ports.out ?? 'any', pipeline.config.items, portsOf(pipeline, topology)))
}

function portsOf({ name, config, processors }: Pipeline, topology: Topology): PipelinePorts {
  const exporters = topology.exporters.filter(({ entry }) => config.exporters.includes(entry.id))
  const fed = topology.pipelines.filter(({ config }) => config.receivers.includes(PIPELINE_PREFIX + name))
  return {
    processors: processors.map(({ entry }) => (entry.plugin as ProcessorPlugin).ports),
    exporters: exporters.map(({ entry }) => (entry.plugin as ExporterPlugin).ports.in),
    pipelines: fed.map(next => portsOf(next, topology))
  }
}
