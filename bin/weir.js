#!/usr/bin/env node
// Starts Weir: the sources in a checkout, the compiled files in an installed package. An old Node must be able to parse
// this file, for it says which one is needed.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { MALLOC, V8_FLAGS } from './process-settings.js'

const OLDEST_NODE = 24
const USAGE = 2

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
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
