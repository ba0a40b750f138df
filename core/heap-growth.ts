import { getHeapStatistics, setFlagsFromString } from 'node:v8'

const MIB = 2 ** 20
/** Memory outside of the heap is looked at so often. */
const INTERVAL_MS = 1000
/** Steps of a factor: a hundredth each. */
const PRECISION = 100

/** How much larger than after the last marking something may be before it is marked again. */
export interface HeapGrowth {
  /** The heap. Infinity: as V8 has it, which is up to four times. */
  readonly heap: number
  /** Memory outside of the heap, if that is no more than `externalBytes` more. */
  readonly external: number
  /**
   * Most bytes outside of the heap that are garbage. So a table of a million series does not have another half of it as
   * garbage beside it.
   */
  readonly externalBytes: number
  /** Memory outside of the heap in any case. There is one growth for all heaps, and only one of them is measured. */
  readonly leastExternal: number
}

/** More takes memory, and is hardly faster. */
const SMALL: HeapGrowth = { heap: 2, external: 1.5, externalBytes: 32 * MIB, leastExternal: 1 }
/**
 * Node reads HTTP/2 into new memory, which only a scavenge frees. With less room the heap would be marked ten times a second
 * before that comes: a third of the core.
 */
export const GROWTH_WITH_HTTP2: HeapGrowth = { heap: 3, external: 3, externalBytes: 128 * MIB, leastExternal: 1 }
/** A query makes a heap many times as large as before. */
export const GROWTH_WITH_QUERIES: HeapGrowth = { ...SMALL, heap: Number.POSITIVE_INFINITY, leastExternal: 1.5 }
/**
 * What a worker sends becomes memory of the main thread, which only a scavenge frees. That comes seldom, since the main thread
 * makes few objects. With less room its heap would be marked twice a second: a tenth of the CPU of all threads.
 */
export const GROWTH_WITH_WORKERS: HeapGrowth = { heap: 2, external: 3, externalBytes: 64 * MIB, leastExternal: 1.5 }

let growth = SMALL
let factor = 0

/** Keeps the growth of all heaps small. To be called once, by the main thread. */
export function limitHeapGrowth(): void {
  apply()
  setInterval(followExternal, INTERVAL_MS).unref()
}

/** Lets all heaps of the process grow at least so much from now on. */
export function raiseHeapGrowth(to: HeapGrowth): void {
  growth = {
    heap: Math.max(growth.heap, to.heap),
    external: Math.max(growth.external, to.external),
    externalBytes: Math.max(growth.externalBytes, to.externalBytes),
    leastExternal: Math.max(growth.leastExternal, to.leastExternal)
  }
  apply()
}

function apply(): void {
  setFlagsFromString(`--heap-growing-percent=${Number.isFinite(growth.heap) ? (growth.heap - 1) * 100 : 0}`)
  factor = 0
  followExternal()
}

// V8 knows a factor alone.
function followExternal(): void {
  const byBytes = 1 + growth.externalBytes / Math.max(1, getHeapStatistics().external_memory)
  const wanted = Math.max(growth.leastExternal, Math.min(growth.external, byBytes))
  const rounded = Math.ceil(wanted * PRECISION) / PRECISION
  if (rounded === factor) return
  factor = rounded
  // V8 of Node 24 has no such flag.
  if (Number.parseInt(process.versions.node, 10) > 24)
    setFlagsFromString(`--external-memory-max-growing-factor=${rounded}`)
}
