import { setFlagsFromString } from 'node:v8'

/** How much larger than after the last marking something may be before it is marked again. */
export interface HeapGrowth {
  /** The heap. Infinity: as V8 has it, which is up to four times. */
  readonly heap: number
  /** Memory outside of the heap. */
  readonly external: number
}

/** More takes memory, and is hardly faster. */
const SMALL: HeapGrowth = { heap: 2, external: 1.5 }
/**
 * Node reads HTTP/2 into new memory, which only a scavenge frees. With less room the heap would be marked ten times a second
 * before that comes: a third of the core.
 */
export const GROWTH_WITH_HTTP2: HeapGrowth = { heap: 3, external: 3 }
/** A query makes a heap many times as large as before. */
export const GROWTH_WITH_QUERIES: HeapGrowth = { heap: Number.POSITIVE_INFINITY, external: 1.5 }

let growth = SMALL

/** Lets all heaps of the process grow at least so much from now on. The first call makes the growth small. */
export function raiseHeapGrowth({ heap, external }: HeapGrowth = SMALL): void {
  growth = { heap: Math.max(growth.heap, heap), external: Math.max(growth.external, external) }
  setFlagsFromString(`--heap-growing-percent=${Number.isFinite(growth.heap) ? (growth.heap - 1) * 100 : 0}`)
  // V8 of Node 24 has no such flag.
  if (Number.parseInt(process.versions.node, 10) > 24)
    setFlagsFromString(`--external-memory-max-growing-factor=${growth.external}`)
}
