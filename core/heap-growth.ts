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
  /** Memory outside of the heap. */
  readonly external: number
  /**
   * Most bytes outside of the heap that are garbage. So a table of a million series does not have another half of it as
   * garbage beside it. Infinity if there is more than one heap: they have different sizes, and one growth.
   */
  readonly externalBytes: number
}

/** More takes memory, and is hardly faster. */
const SMALL: HeapGrowth = { heap: 2, external: 1.5, externalBytes: 32 * MIB }
/**
 * Node reads HTTP/2 into new memory, which only a scavenge frees. With less room the heap would be marked ten times a second
 * before that comes: a third of the core.
 */
export const GROWTH_WITH_HTTP2: HeapGrowth = { heap: 3, external: 3, externalBytes: 128 * MIB }
/** A query makes a heap many times as large as before. */
export const GROWTH_WITH_QUERIES: HeapGrowth = {
  heap: Number.POSITIVE_INFINITY,
  external: 1.5,
  externalBytes: Number.POSITIVE_INFINITY
}
export const GROWTH_WITH_WORKERS: HeapGrowth = { ...SMALL, externalBytes: Number.POSITIVE_INFINITY }

let growth = SMALL
let factor = 0

/** Keeps the growth of all heaps small. To be called once, by the main thread. */
export function limitHeapGrowth(): void {
  apply()
  setInterval(followExternal, INTERVAL_MS).unref()
}

/** Lets all heaps of the process grow at least so much from now on. */
export function raiseHeapGrowth({ heap, external, externalBytes }: HeapGrowth): void {
  growth = {
    heap: Math.max(growth.heap, heap),
    external: Math.max(growth.external, external),
    externalBytes: Math.max(growth.externalBytes, externalBytes)
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
  const wanted = Math.min(growth.external, 1 + growth.externalBytes / Math.max(1, getHeapStatistics().external_memory))
  const rounded = Math.ceil(wanted * PRECISION) / PRECISION
  if (rounded === factor) return
  factor = rounded
  // V8 of Node 24 has no such flag.
  if (Number.parseInt(process.versions.node, 10) > 24)
    setFlagsFromString(`--external-memory-max-growing-factor=${rounded}`)
}
