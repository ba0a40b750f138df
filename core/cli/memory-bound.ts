import type { ComponentConfig, ResolvedConfig } from '../config/resolved.ts'
import { BYTES_PER_SERIES } from '../model/series-table/received-series.ts'

/** The rest of the heap is the garbage collector's: it lets garbage lie until it is worth a run. */
export const USABLE = 0.75

/** Memory of the process before it has any data, of code, and of requests that are over and not yet collected. */
const RUNTIME_BYTES = 512 * 2 ** 20

export interface ComponentBound {
  readonly id: string
  readonly component: ComponentConfig
  readonly bytes: number
}

/** The most memory of a configuration. */
export interface MemoryBound {
  /** Components that have a bound, the largest first. */
  readonly components: readonly ComponentBound[]
  /** Bytes of all components and of data on its way. */
  readonly data: number
  /** Bytes of the series table, which is not in the heap. */
  readonly series: number
  /** Bytes of the process, with the needs of the garbage collector and the runtime. */
  readonly process: number
}

export function memoryBoundOf({ service, components }: ResolvedConfig): MemoryBound {
  const bounds = new Map<string, ComponentBound>()
  const add = (component: ComponentConfig | undefined) => {
    const bytes = boundOf(component)
    if (component === undefined || bytes === undefined || bytes === 0) return
    const key = `${component.plugin.kind} ${component.id}`
    bounds.set(key, { id: component.id, component, bytes: (bounds.get(key)?.bytes ?? 0) + bytes })
  }
  const pipelines = Object.values(service.pipelines)
  for (const id of new Set(pipelines.flatMap(({ receivers }) => receivers))) add(components.receiver.get(id))
  // A processor runs once in each pipeline that names it.
  for (const { processors } of pipelines) for (const id of processors) add(components.processor.get(id))
  const { in_flight, output, series: maxSeries } = service.limits
  const largestFirst = [...bounds.values()].sort((a, b) => b.bytes - a.bytes)
  const data = largestFirst.reduce((sum, { bytes }) => sum + bytes, in_flight + output)
  const series = maxSeries * BYTES_PER_SERIES
  return { components: largestFirst, data, series, process: data / USABLE + series + RUNTIME_BYTES }
}

/** The most that one component remembers in one pipeline, if it says so. @param component undefined for a pipeline */
export function boundOf(component: ComponentConfig | undefined): number | undefined {
  if (component === undefined || component.plugin.kind === 'exporter') return undefined
  return component.plugin.memoryBound?.(component.config)
}
