import { Subject } from 'rxjs'
import { PIPELINE_PREFIX, pipelineOrder } from '../config/graph.ts'
import type { PipelineConfig } from '../config/service.ts'
import type { ComponentConfig, ResolvedConfig } from '../config/validate.ts'
import type { Exporter, Kind, Processor, Receiver } from '../plugin/contract.ts'
import type { Batch } from './batch.ts'
import { Component, type Services } from './component.ts'
import { Lane } from './lane/lane.ts'
import { lift } from './lift.ts'
import { fanOut, type Sink } from './sink.ts'

export interface BuiltReceiver {
  readonly component: Component
  readonly receiver: Receiver
  /** The pipelines it feeds. */
  readonly sink: Sink
}
export interface BuiltProcessor {
  readonly component: Component
  readonly processor: Processor
}
export interface BuiltExporter {
  readonly component: Component
  readonly exporter: Exporter
  readonly lane: Lane
}

/** Components connected and not yet started. */
export interface Topology {
  readonly receivers: readonly BuiltReceiver[]
  readonly pipelines: readonly Pipeline[]
  readonly exporters: readonly BuiltExporter[]
}

/** Processors in a row between what feeds them and a sink. */
export class Pipeline implements Sink {
  readonly name: string
  readonly config: PipelineConfig
  readonly processors: readonly BuiltProcessor[]
  #input = new Subject<Batch>()
  #sink: Sink
  #sources: number
  #completed = Promise.withResolvers<void>()

  /** @param sources how many feed it; it completes when all have */
  constructor(
    name: string,
    config: PipelineConfig,
    processors: readonly BuiltProcessor[],
    sink: Sink,
    sources: number
  ) {
    this.name = name
    this.config = config
    this.processors = processors
    this.#sink = sink
    this.#sources = sources
  }

  /** Resolves once the last processor has put out its last batch. */
  get completed(): Promise<void> {
    return this.#completed.promise
  }

  hasRoom(): boolean {
    return this.#sink.hasRoom()
  }

  push(batch: Batch): void {
    this.#input.next(batch)
  }

  open(): void {
    let stream = this.#input.asObservable()
    for (const { processor, component } of this.processors) {
      const { account, log } = component
      stream = stream.pipe(lift(processor, { account, log, status: (...args) => component.setStatus(...args) }))
    }
    stream.subscribe({ next: batch => this.#sink.push(batch), complete: () => this.#completed.resolve() })
  }

  /** One of its sources has ended. */
  sourceCompleted(): void {
    if (--this.#sources === 0) this.#input.complete()
  }
}

/** Creates every component that a pipeline uses and connects them, exporters first. */
export function buildTopology(config: ResolvedConfig, services: Services): Topology {
  const { pipelines } = config.service
  const used = (kind: Kind, ids: (pipeline: PipelineConfig) => readonly string[]) =>
    [...config.components[kind].values()].filter(({ id }) => Object.values(pipelines).some(p => ids(p).includes(id)))
  const exporters = used('exporter', p => p.exporters).map(entry => buildExporter(entry, services))
  const built = buildPipelines(config, exporters, services)
  const receivers = used('receiver', p => p.receivers).map(({ id, plugin, config }) => {
    const component = new Component('receiver', id, undefined, services.log)
    const receiver = plugin.create(config, component.context(services)) as Receiver
    return {
      component,
      receiver,
      sink: fanOut(
        built.filter(pipeline => pipeline.config.receivers.includes(id)),
        services.replayed
      )
    }
  })
  return { receivers, pipelines: built, exporters }
}

function buildExporter({ id, plugin, config, lane }: ComponentConfig, services: Services): BuiltExporter {
  const component = new Component('exporter', id, undefined, services.log)
  const context = component.context(services)
  const exporter = plugin.create(config, context) as Exporter
  return { component, exporter, lane: new Lane(exporter, lane!, { ...context, deadLetters: services.deadLetters }) }
}

// From the last to the first, since each needs those it feeds.
function buildPipelines(config: ResolvedConfig, exporters: readonly BuiltExporter[], services: Services): Pipeline[] {
  const configs = config.service.pipelines
  const order = pipelineOrder(new Map(Object.entries(configs).map(([name, { receivers }]) => [name, receivers])))
  const built: Pipeline[] = []
  for (const name of order.reverse()) {
    const lanes = exporters
      .filter(({ component }) => configs[name].exporters.includes(component.id))
      .map(({ lane }) => lane)
    const fed = built.filter(pipeline => pipeline.config.receivers.includes(PIPELINE_PREFIX + name))
    const processors = configs[name].processors.map(id => {
      const entry = config.components.processor.get(id)!
      const component = new Component('processor', id, name, services.log)
      return { component, processor: entry.plugin.create(entry.config, component.context(services)) as Processor }
    })
    const pipeline = new Pipeline(
      name,
      configs[name],
      processors,
      fanOut([...lanes, ...fed], services.replayed),
      configs[name].receivers.length
    )
    pipeline.completed.then(() => {
      for (const next of fed) next.sourceCompleted()
    })
    built.unshift(pipeline)
  }
  return built
}
