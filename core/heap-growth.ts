import { setFlagsFromString } from 'node:v8'

/** The heap, and memory outside of it, may grow by a half before they are marked. More takes memory, and is no faster. */
export const SMALL_GROWTH = 1.5
/**
 * Node reads HTTP/2 into new memory, which only a scavenge frees. With less room the heap would be marked ten times a second
 * before that comes: a third of the core.
 */
export const GROWTH_WITH_HTTP2 = 3

/** Sets the growth of all heaps of the process from now on. V8 of Node 24 has no such flag. */
export function setHeapGrowth(factor: number): void {
  if (Number.parseInt(process.versions.node, 10) > 24)
    setFlagsFromString(`--external-memory-max-growing-factor=${factor}`)
}
