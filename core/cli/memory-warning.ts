import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { ComponentConfig, ResolvedConfig } from '../config/resolved.ts'
import type { JsonSchema } from '../plugin/contract.ts'
import { mib } from './sizes.ts'

/** The garbage collector needs the rest, and so do the series in use, the runtime and the code. */
const USABLE = 0.75

/** Bytes there are at most. */
export interface MemoryLimits {
  readonly heap: number
  /** The machine's memory, or the limit of the container if that is less. */
  readonly machine: number
}

/** Those of this process and machine; a Weir that is started here has the same. */
export function memoryLimits(): MemoryLimits {
  // Without a container's limit it is larger than any memory, or 0.
  const container = process.constrainedMemory() || Number.POSITIVE_INFINITY
  return { heap: getHeapStatistics().heap_size_limit, machine: Math.min(totalmem(), container) }
}

/** A warning for a configuration that may need more memory than there is; undefined if it is enough. */
export function memoryWarning(config: ResolvedConfig, { heap, machine }: MemoryLimits): string | undefined {
  const { in_flight, output } = config.service.limits
  const processors = boundsOf(config)
  const total = processors.reduce((sum, { bytes }) => sum + bytes, in_flight + output)
  const isHeap = heap <= machine
  const limit = Math.min(heap, machine)
  if (total <= limit * USABLE) return undefined
  const name = isHeap ? "V8's heap limit" : "the machine's or the container's memory"
  const more = isHeap ? ', or raise the limit by NODE_OPTIONS=--max-old-space-size=<MiB>' : ', or give it more'
  const parts = processors.map(({ id, bytes }) => `${id} ${mib(bytes)}`)
  const sum = [...parts, `in flight ${mib(in_flight)}`, `output ${mib(output)}`].join(', ')
  const share = `${Math.round((total / limit) * 100)} % of ${name}, ${mib(limit)}`
  return `warning: memory may grow to ${mib(total)} (${sum}): ${share}. Lower ${whatToLower(processors)}${more}`
}

interface Bound {
  readonly id: string
  readonly component: ComponentConfig
  readonly bytes: number
}

/** The bounds of processors that have one, the largest first. A processor runs once in each pipeline that names it. */
function boundsOf({ service, components }: ResolvedConfig): Bound[] {
  const bounds = new Map<string, Bound>()
  for (const { processors } of Object.values(service.pipelines)) {
    for (const id of processors) {
      const component = components.processor.get(id)!
      const { plugin, config } = component
      const bytes = plugin.kind === 'processor' ? (plugin.memoryBound?.(config) ?? 0) : 0
      if (bytes > 0) bounds.set(id, { id, component, bytes: (bounds.get(id)?.bytes ?? 0) + bytes })
    }
  }
  return [...bounds.values()].sort((a, b) => b.bytes - a.bytes)
}

/** The limits of the processor that remembers most, or the pools where none does. */
function whatToLower([largest]: readonly Bound[]): string {
  if (largest === undefined) return 'service.limits'
  const options = Object.entries((largest.component.plugin.schema.properties ?? {}) as Record<string, JsonSchema>)
  const limits = options
    .filter(([name, { type }]) => name.startsWith('max_') && type === 'integer')
    .map(([name]) => name)
  return `${limits.join(' or ')} of ${largest.id}`
}
