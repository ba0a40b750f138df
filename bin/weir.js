#!/usr/bin/env node
// Starts Weir: the sources in a checkout, the compiled files in an installed package. An old Node must be able to parse
// this file, for it says which one is needed.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

const OLDEST_NODE = 24
const USAGE = 2
const MIB = 2 ** 20
const MAJOR = Number.parseInt(process.versions.node, 10)
/** V8 reads these flags before it runs anything, so the process has to begin anew with them. */
const V8_FLAGS = [
  // MiB. Batches live for milliseconds: with room for them the garbage collector copies and marks much less.
  '--max-semi-space-size=16',
  // A start leaves 30 MiB of garbage and empty pages, and load leaves more. V8 gives them back once there was little to do for
  // so long: by default half a minute after a start, and 8 s after load.
  '--gc-memory-reducer-start-delay-ms=1000',
  ...(MAJOR > 24 ? ['--memory-reducer-delay-ms=1000'] : [])
]

/**
 * Memory outside of V8's heap. The allocators read these variables as a process begins. By default glibc gives each thread
 * memory of its own, and little of it back: 6 MiB more at rest, and 30 MiB under load.
 */
const MALLOC = {
  MALLOC_ARENA_MAX: '4',
  // Tables have pages of 4 MiB, which the system gives with zeros, once they are used.
  MALLOC_MMAP_THRESHOLD_: `${2 * MIB}`,
  MALLOC_TRIM_THRESHOLD_: `${4 * MIB}`,
  // The native Snappy and CRC-32C have an allocator of their own, which would begin with a page of 2 MiB each.
  MIMALLOC_ALLOW_THP: '0'
}

if (MAJOR < OLDEST_NODE) {
  process.stderr.write(
    `Weir needs Node ${OLDEST_NODE} or newer, this is ${process.version}: install one from https://nodejs.org, or for this folder by \`npm install node\`\n`
  )
  process.exit(USAGE)
}
// Half of a start goes into compiling. The threads and the engine's process, which get this variable too, share the result.
if (process.env.NODE_COMPILE_CACHE === undefined) process.env.NODE_COMPILE_CACHE = cacheFolder()
const missing = V8_FLAGS.filter(flag => !isGiven(flag))
if (process.platform !== 'win32' && missing.length > 0) {
  // The same process goes on, so signals and the process id stay what they are.
  process.execve(process.execPath, [process.execPath, ...missing, ...process.execArgv, ...process.argv.slice(1)], {
    ...MALLOC,
    ...process.env
  })
}
// Node does so by itself in a process that began with the variable.
module.enableCompileCache()
const source = new URL('../core/main.ts', import.meta.url)
await import(existsSync(source) ? source.href : new URL('../dist/core/main.js', import.meta.url).href)

/** The user's own, for whoever may write there says what runs. Without it Node compiles at each start. */
function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'weir')
}

/** Another value counts, too: the user's is kept. */
function isGiven(flag) {
  const given = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(' ')]
  return given.some(option => option.replaceAll('_', '-').startsWith(flag.split('=')[0]))
}
