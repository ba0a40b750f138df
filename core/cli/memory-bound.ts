import type { ComponentConfig, ResolvedConfig } from '../config/resolved.ts'
import { workerThreads } from '../config/service.ts'
import { BYTES_PER_SERIES } from '../model/series-table/received-series.ts'

/** The rest of the heap is the garbage collector's: it lets garbage lie until it is worth a run. */
export const USABLE = 0.75

/** Memory of the process before it has any data, of code, and of requests that are over and not yet collected. */
const RUNTIME_BYTES = 512 * 2 ** 20

/** The same of one worker: V8's room for new objects and for bodies, and code. */
const WORKER_BYTES = 320 * 2 ** 20

export interface ComponentBound {
  readonly id: string
  readonly component: ComponentConfig
  readonly bytes: number
}

/** The most memory of a configuration. */
export interface MemoryBound {
  /** Components that have a bound, the largest first. */
  readonly components: readonly ComponentBound[]
  /** Bytes of data on its way in. */
  readonly inFlight: number
  /** Bytes of all components and of data on its way. */
  readonly data: number
  /** Bytes of the series tables, of which each worker has one. They are not in the heap. */
  readonly series: number
  /** Bytes of workers besides. */
  readonly workers: number
  /** Bytes of threads of queries. */
  readonly queries: number
  /** Bytes of the process, with the needs of the garbage collector and the runtime. */
  readonly process: number
}

export function memoryBoundOf({ service, components }: ResolvedConfig): MemoryBound {
  const bounds = new Map<string, ComponentBound>()
  const threads = workerThreads(service)
  const add = (component: ComponentConfig | undefined, times = 1) => {
    const bytes = (boundOf(component) ?? 0) * times
    if (component === undefined || bytes === 0) return
    const key = `${component.plugin.kind} ${component.id}`
    bounds.set(key, { id: component.id, component, bytes: (bounds.get(key)?.bytes ?? 0) + bytes })
  }
  const pipelines = Object.values(service.pipelines)
  for (const id of new Set(pipelines.flatMap(({ receivers }) => receivers))) {
    const receiver = components.receiver.get(id)
    add(receiver, isInEach(receiver) && threads > 0 ? threads : 1)
  }
  // A processor runs once in each pipeline that names it.
  for (const { processors } of pipelines) for (const id of processors) add(components.processor.get(id))
  const { in_flight, output, series: maxSeries } = service.limits
  const largestFirst = [...bounds.values()].sort((a, b) => b.bytes - a.bytes)
  // A block that crosses is in its worker and in the main thread, until the worker has its outcome.
  const inFlight = threads > 0 ? 2 * in_flight : in_flight
  const data = largestFirst.reduce((sum, { bytes }) => sum + bytes, inFlight + output)
  const series = maxSeries * BYTES_PER_SERIES * (1 + threads)
  const workers = threads * WORKER_BYTES
  const receivers = pipelines.flatMap(({ receivers }) => receivers.map(id => components.receiver.get(id)))
  const extensions = service.extensions.map(id => components.extension.get(id))
  const queries = [...new Set([...receivers, ...extensions])].reduce((sum, entry) => sum + outsideOf(entry), 0)
  return {
    components: largestFirst,
    inFlight,
    data,
    series,
    workers,
    queries,
    process: data / USABLE + series + workers + queries + RUNTIME_BYTES
  }
}

function isInEach(component: ComponentConfig | undefined): boolean {
  return component?.plugin.kind === 'receiver' && component.plugin.workers === 'each'
}

/** The most that one component remembers in one pipeline, if it says so. @param component undefined for a pipeline */
export function boundOf(component: ComponentConfig | undefined): number | undefined {
  const { plugin, config } = component ?? {}
  return plugin?.kind === 'receiver' || plugin?.kind === 'processor' ? plugin.memoryBound?.(config) : undefined
}

/** @param component undefined for a pipeline */
function outsideOf(component: ComponentConfig | undefined): number {
  const { plugin, config } = component ?? {}
  return plugin?.outsideMemory?.(config) ?? 0
}
