// CPU profile of Weir under load: `npm run profile -- [--seconds 10] [--journal] [CASE]`, CASE as for `npm run bench`. It
// writes a .cpuprofile for each thread, for DevTools and editors, and prints where the time of the measured load went.
import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { nameOf, parseCase } from '../bench/programs/cases.ts'
import { measure, type Phase } from '../bench/programs/measure.ts'
import { weir, weirWithJournal } from '../bench/programs/weir.ts'
import { MALLOC, V8_FLAGS } from '../bin/process-settings.js'
import { type SelfTime, selfTimes } from './cpu-profile.ts'

const ROOT = path.join(import.meta.dirname, '..')
const TOP_FUNCTIONS = 25
const SAMPLE_EVERY_US = 500

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '10' }, journal: { type: 'boolean', default: false } }
})
const work = parseCase(positionals[0] ?? 'windows-by')
const folder = mkdtempSync(path.join(tmpdir(), 'weir-profile-'))
Object.assign(process.env, { ...MALLOC, ...process.env })
try {
  let phase: Phase | undefined
  const plan = {
    ms: Number(values.seconds) * 1000,
    warmUpMs: Number(values.seconds) * 1000,
    warmUpMaxMs: 90_000,
    halfLoadMs: 0,
    windowSeconds: 10,
    statsdLinesPerSecond: 300_000,
    // With all of its flags Weir does not begin anew, where a signal of the profiler would end it.
    nodeFlags: [...V8_FLAGS, '--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${SAMPLE_EVERY_US}`]
  }
  const figures = await measure(values.journal ? weirWithJournal : weir, work, plan, measured => (phase = measured))
  console.log(
    `${nameOf(work)}: ${(figures.pointsPerCpuSecond / 1e6).toFixed(3)} M points/CPU s, with the profiler's own cost`
  )
  printThreads(phase!)
  for (const [i, file] of globSync(path.join(folder, '*.cpuprofile')).sort().entries()) printProfile(file, i, phase!)
} finally {
  rmSync(folder, { recursive: true })
}

/** The kernel's own account: V8 sees neither its helper threads nor what is system time. */
function printThreads({ threads }: Phase): void {
  const names = [...new Set(threads.map(({ name }) => name))]
  console.log('\nCPU by thread, s     user   kernel')
  for (const name of names) {
    const own = threads.filter(thread => thread.name === name)
    const [user, system] = [own.reduce((sum, t) => sum + t.user, 0), own.reduce((sum, t) => sum + t.system, 0)]
    if (user + system > 0) console.log(`  ${`${own.length} × ${name}`.padEnd(16)} ${seconds(user)} ${seconds(system)}`)
  }
}

function printProfile(file: string, index: number, { beganNs, endedNs }: Phase): void {
  const kept = `weir-${nameOf(work).replaceAll('/', '-')}-${index}.cpuprofile`
  copyFileSync(file, kept)
  const { functions, folders } = selfTimes(JSON.parse(readFileSync(file, 'utf8')), ROOT, beganNs, endedNs)
  console.log(`\n${kept}`)
  printTimes('By folder', folders, folders.length)
  printTimes('By function', functions, TOP_FUNCTIONS)
}

function printTimes(title: string, times: readonly SelfTime[], count: number): void {
  const total = times.reduce((sum, { ms }) => sum + ms, 0)
  console.log(`${title}, self time of ${(total / 1000).toFixed(2)} s`)
  for (const { name, ms } of times.slice(0, count))
    console.log(`  ${((ms / total) * 100).toFixed(1).padStart(5)} %  ${name}`)
}

function seconds(value: number): string {
  return value.toFixed(2).padStart(8)
}
