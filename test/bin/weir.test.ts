import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { EXIT } from '../../core/cli/exit-codes.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const { version: VERSION, engines: ENGINES } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
const MIB = 2 ** 20

/** Prints at the end how many bytes new objects may take, the flags for them, the process id, and a setting of malloc. */
const REPORT = preloaded(`
import { getHeapSpaceStatistics } from 'node:v8'
process.on('exit', () => {
  const { space_used_size, space_available_size } = getHeapSpaceStatistics().find(space => space.space_name === 'new_space')
  const flags = process.execArgv.filter(flag => !flag.startsWith('--import'))
  const { MALLOC_ARENA_MAX: arenas } = process.env
  console.log(JSON.stringify({ bytes: space_used_size + space_available_size, pid: process.pid, flags, arenas }))
})`)

const FLAGS = [
  '--max-semi-space-size=8',
  '--no-concurrent-recompilation',
  '--gc-memory-reducer-start-delay-ms=1000',
  ...(Number.parseInt(process.versions.node, 10) > 24 ? ['--memory-reducer-delay-ms=1000'] : [])
]

test('the launcher gives new objects up to 32 MiB, and free pages back soon, in the process that was started', () => {
  const { flags, pid, started } = launch([])
  assert.deepEqual(flags, FLAGS)
  assert.equal(pid, started)
})

test('the launcher says how memory outside of the heap is kept, if the user does not', () => {
  assert.equal(launch([]).arenas, '4')
  assert.equal(launch([], '', { MALLOC_ARENA_MAX: '7' }).arenas, '7')
})

test('the launcher adds the flags that a user has not given', () => {
  const own = '--gc-memory-reducer-start-delay-ms=5000'
  assert.deepEqual(launch([own]).flags, [...FLAGS.filter(flag => !flag.startsWith('--gc-memory')), own])
})

test('the launcher keeps a size for new objects that the user gives', () => {
  for (const [args, options] of [
    [['--max-semi-space-size=4'], ''],
    [[], '--max_semi_space_size=4']
  ] as const) {
    const { bytes } = launch(args, options)
    // V8 counts its pages, so it may be a little more.
    assert.ok(bytes / MIB < 8, `${bytes}`)
  }
})

test('the launcher keeps compiled code in the folder for caches of the user, or where Node is told to', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-launcher-'))
  try {
    for (const [variable, kept] of [
      ['XDG_CACHE_HOME', 'weir'],
      ['NODE_COMPILE_CACHE', '']
    ] as const) {
      const own = path.join(folder, variable)
      const { NODE_COMPILE_CACHE: _, ...env } = process.env
      assert.equal(weir([], '', { ...env, [variable]: own }).status, EXIT.ok)
      const files = readdirSync(path.join(own, kept), { recursive: true, withFileTypes: true })
      assert.ok(
        files.some(file => file.isFile()),
        variable
      )
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the launcher says which Node Weir needs', () => {
  const old = `Object.defineProperty(process, 'version', { value: 'v20.1.0' })
Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })`
  const { status, stderr } = weir([preloaded(old)])
  assert.equal(status, EXIT.usage)
  assert.match(stderr, new RegExp(`^Weir needs Node ${ENGINES.node.slice(2)} or newer, this is v20\\.1\\.0: install`))
})

function launch(
  args: readonly string[],
  options = '',
  env: Record<string, string> = {}
): { bytes: number; pid: number; flags: string[]; arenas: string; started: number } {
  const { stdout, pid } = weir([...args, REPORT], options, { ...process.env, ...env })
  const [version, report] = stdout.split('\n')
  assert.equal(version, VERSION)
  return { ...JSON.parse(report), started: pid }
}

function weir(args: readonly string[], options = '', env = process.env) {
  return spawnSync(process.execPath, [...args, path.join(ROOT, 'bin/weir.js'), '--version'], {
    encoding: 'utf8',
    env: { ...env, NODE_OPTIONS: options }
  })
}

function preloaded(script: string): string {
  return `--import=data:text/javascript,${encodeURIComponent(script)}`
}
