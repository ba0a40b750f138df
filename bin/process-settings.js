// Settings that are read before a process runs anything, so it has to begin anew with them.

const MIB = 2 ** 20

/** Flags of V8. */
export const V8_FLAGS = [
  // MiB. Batches live for milliseconds: with room for them the garbage collector copies and marks much less.
  '--max-semi-space-size=8',
  // Code is made fast by its own thread, in up to 40 ms at a time in the first minutes. In threads beside it that takes 15 to
  // 20 MiB, which stay with them.
  '--no-concurrent-recompilation',
  // A start leaves 30 MiB of garbage and empty pages, and load leaves more. V8 gives them back once there was little to do for
  // so long: by default half a minute after a start, and 8 s after load.
  '--gc-memory-reducer-start-delay-ms=1000',
  // V8 of Node 24 has no such flag.
  ...(Number.parseInt(process.versions.node, 10) > 24 ? ['--memory-reducer-delay-ms=1000'] : [])
]

/**
 * Variables of the environment, for memory outside of V8's heap. By default glibc gives each thread memory of its own, and
 * little of it back: 6 MiB more at rest, and 30 MiB under load.
 */
export const MALLOC = {
  MALLOC_ARENA_MAX: '4',
  // Tables have pages of 4 MiB, which the system gives with zeros, once they are used.
  MALLOC_MMAP_THRESHOLD_: `${2 * MIB}`,
  MALLOC_TRIM_THRESHOLD_: `${4 * MIB}`,
  // The native Snappy and CRC-32C have an allocator of their own, which would begin with a page of 2 MiB each.
  MIMALLOC_ALLOW_THP: '0'
}
