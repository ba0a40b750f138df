import { getHeapStatistics } from 'node:v8'

/** Memory of the process, in bytes. */
export interface Memory {
  rss(): number
  heapUsed(): number
  /** At which V8 ends the process. */
  readonly heapLimit: number
  /** Collects garbage, which takes a while; undefined if Node was not started with `--expose-gc`. */
  readonly collect: (() => void) | undefined
}

export function processMemory(): Memory {
  return {
    rss: () => process.memoryUsage.rss(),
    heapUsed: () => getHeapStatistics().used_heap_size,
    heapLimit: getHeapStatistics().heap_size_limit,
    collect: globalThis.gc === undefined ? undefined : () => void globalThis.gc!()
  }
}
