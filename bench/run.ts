// Whole programs under load: `npm run bench -- [--keep] [--seconds 20] [--turns 2] [--rate LINES] [CASE …]`, CASE as in
// `windows-all/1000000/churn`. `--keep` writes bench/results.json and the pages that show it.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { writePages } from '../scripts/performance-pages.ts'
import { ALL_CASES, type Case, nameOf, parseCase } from './programs/cases.ts'
import { etsyStatsd } from './programs/etsy.ts'
import { type Figures, measure, type Plan } from './programs/measure.ts'
import { otelcol, vmagent } from './programs/peers.ts'
import type { Program } from './programs/program.ts'
import { type CaseResult, describeMachine, writeResults } from './programs/results.ts'
import { costTable, detailTable } from './programs/tables.ts'
import { weir, weirWithBoth, weirWithJournal, weirWithWorkers } from './programs/weir.ts'

const OWN = [weir, weirWithJournal, weirWithWorkers, weirWithBoth]
const PROGRAMS = [...OWN, vmagent, otelcol, etsyStatsd]

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    keep: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '20' },
    turns: { type: 'string', default: '2' },
    rate: { type: 'string', default: '300000' }
  }
})
const plan: Plan = {
  ms: Number(values.seconds) * 1000,
  warmUpMs: 5000,
  warmUpMaxMs: 90_000,
  halfLoadMs: 10_000,
  windowSeconds: 10,
  statsdLinesPerSecond: Number(values.rate),
  nodeFlags: []
}

const versions = new Map<Program, string>()
for (const program of PROGRAMS) {
  const version = await program.version()
  if (version === undefined) console.error(`${program.name} is not on PATH, and is left out`)
  else versions.set(program, version)
}
const results: CaseResult[] = []
for (const work of positionals.length > 0 ? positionals.map(parseCase) : ALL_CASES) {
  const result = await runCase(work)
  results.push(result)
  if (values.keep) writeResults(result)
}

console.log(`\n${costTable(results)}\n\n${detailTable(results)}`)
if (values.keep) writePages()

/** The first windows of a group for each series make all series that go out, so two of them close before. */
function warmUpOf({ scenario }: Case): number {
  return scenario === 'windows-all' || scenario === 'statsd' ? 25_000 : plan.warmUpMs
}

/** Programs take turns, so that a machine that is slow for a while is slow for all of them. */
async function runCase(work: Case): Promise<CaseResult> {
  const able = [...versions.keys()].filter(program => program.does(work))
  const runs: Figures[] = []
  for (let turn = 0; turn < Number(values.turns); turn++)
    for (const program of [...able]) {
      const figures = await attempt(program, work)
      if (figures === undefined) able.splice(able.indexOf(program), 1)
      else runs.push(figures)
    }
  const used = [...versions].filter(([{ name }]) => runs.some(({ program }) => program === name))
  return {
    case: nameOf(work),
    machine: describeMachine(),
    versions: { ...Object.fromEntries(used.map(([{ name }, version]) => [name, version])), node: process.version },
    seconds: Number(values.seconds),
    runs
  }
}

/** Undefined if a peer cannot do the work. If Weir fails, there are no figures at all. */
async function attempt(program: Program, work: Case): Promise<Figures | undefined> {
  const name = `${nameOf(work)}, ${program.name}`
  try {
    const figures = await measure(program, work, { ...plan, warmUpMs: warmUpOf(work) })
    console.log(`${name}: ${(figures.pointsPerCpuSecond / 1e6).toFixed(3)} M points/CPU s`)
    return figures
  } catch (error) {
    if (OWN.includes(program)) throw error
    console.error(`${name}, is left out: ${error}`)
    return undefined
  }
}
