import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { ResolvedConfig } from '../config/resolved.ts'
import type { JsonSchema } from '../plugin/contract.ts'
import { describeOutside, describeParts } from './describe.ts'
import { type ComponentBound, memoryBoundOf, USABLE } from './memory-bound.ts'
import { readableSize } from './sizes.ts'

/** Beyond so many times the limit, a larger limit is no advice. */
const MOST_TIMES = 10

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
  const bound = memoryBoundOf(config)
  const { components, data: inHeap } = bound
  const isHeap = inHeap > heap * USABLE
  const data = isHeap ? inHeap : inHeap + bound.series + bound.workers
  const limit = isHeap ? heap : machine
  if (data <= limit * USABLE) return undefined
  const name = isHeap ? "V8's heap limit" : "the machine's or the container's memory"
  const more = isHeap ? ', or raise the limit by NODE_OPTIONS=--max-old-space-size=<MiB>' : ', or give it more'
  const parts = describeParts(config, bound, components)
  if (!isHeap) parts.push(...describeOutside(bound))
  const times = data / limit
  const isHopeless = times > MOST_TIMES
  const share = `${isHopeless ? `${Math.round(times).toLocaleString('en')} times` : `${Math.round(times * 100)} % of`} ${name}, ${readableSize(limit)}`
  return `warning: memory may grow to ${readableSize(data)} (${parts.join(', ')}): ${share}. Lower ${optionsToLower(components)}${isHopeless ? '' : more}`
}

/** The limits of the component that remembers most, or the pools if none does. */
function optionsToLower([largest]: readonly ComponentBound[]): string {
  if (largest === undefined) return 'service.limits'
  const options = Object.entries((largest.component.plugin.schema.properties ?? {}) as Record<string, JsonSchema>)
  const limits = options
    .filter(([name, { type }]) => /^(max|cached)_/.test(name) && type === 'integer')
    .map(([name]) => name)
  return `${limits.join(' or ')} of ${largest.id}`
}
