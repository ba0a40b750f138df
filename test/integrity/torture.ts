// Kills Weir with SIGKILL under load, as often as told, and counts what is lost and what is doubled:
//
//     npm run torture -- --kills 200 [--seed N] [--life 1500] [--no-clickhouse] [--rough] [--terminate]
//         [--reload] [--clock-steps] [--paced] [--workers 2] [--dark 60000]
import { parseArgs } from 'node:util'
import { randomFrom } from '../core/journal/simulated-disk.ts'
import { victoriaMetricsProgram } from '../servers/victoria-metrics.ts'
import { type CrashesResult, runCrashes } from './crashes.ts'
import type { Roughness } from './rough-proxy.ts'

const FINDINGS_SHOWN = 20
const ROUGH: readonly Roughness[] = ['pass', 'dead', '500', '429', 'hang', 'reset', 'after']

const { values } = parseArgs({
  allowNegative: true,
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    life: { type: 'string', default: '1500' },
    clickhouse: { type: 'boolean', default: true },
    rough: { type: 'boolean', default: false },
    terminate: { type: 'boolean', default: false },
    reload: { type: 'boolean', default: false },
    'clock-steps': { type: 'boolean', default: false },
    paced: { type: 'boolean', default: false },
    workers: { type: 'string' },
    dark: { type: 'string', default: '0' }
  }
})
const { path: program, skip } = await victoriaMetricsProgram()
if (skip) throw new Error(skip)
console.log(`seed ${values.seed}`)
const result = await runCrashes({
  random: randomFrom(Number(values.seed)),
  program,
  kills: Number(values.kills),
  longestLifeMs: Number(values.life),
  clickHouse: values.clickhouse,
  roughness: values.rough ? ROUGH : ['pass'],
  terminated: values.terminate ? 0.3 : 0,
  shutdownTimeout: '3s',
  reloaded: values.reload ? 0.4 : 0,
  clockSteps: values['clock-steps'],
  paced: values.paced,
  ...(values.workers === undefined ? {} : { workers: Number(values.workers) }),
  ...(values.dark === '0' ? {} : { darkMs: Number(values.dark) }),
  progress: line => console.log(line)
})
process.exitCode = report(result) ? 0 : 1

function report(result: CrashesResult): boolean {
  const { kills, terms, reloads, workerEnds, items, requests, repeated, readyMs, verdicts } = result
  const slowest = Math.round(Math.max(...readyMs))
  console.log(
    `${requests} requests acknowledged, ${repeated} sent twice, ${terms} SIGTERM, ${reloads} reloads, ${workerEnds} workers ended, ready within ${slowest} ms`
  )
  let isExact = true
  for (const [store, { lost, doubled, findings }] of verdicts) {
    console.log(`${store}: ${kills} kills, sent ${items}, lost ${lost}, doubled ${doubled}`)
    for (const finding of findings.slice(0, FINDINGS_SHOWN)) console.log(`  ${finding}`)
    if (findings.length > 0) isExact = false
  }
  return isExact
}
