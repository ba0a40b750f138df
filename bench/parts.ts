// Benchmarks of single parts beside the kept baseline: `npm run bench:parts`, `npm run bench:parts -- --keep` to keep these.
// Figures are ratios to a calibration loop of the same run, since machines differ and one machine's speed drifts.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const BASELINE = path.join(import.meta.dirname, 'baseline.json')
const CALIBRATION_MS = 1000
const BENCHES: Record<string, { readonly command: readonly string[]; readonly figure: RegExp }> = {
  'OTLP decode and sum, M points/s': {
    command: ['otlp-decode.ts'],
    figure: /([\d.]+) M points\/s {2}decode and sum$/m
  },
  'StatsD lines parsed, M lines/s': { command: ['statsd-parse.ts'], figure: /([\d.]+) M lines\/s {2}the first four/ },
  'remote write encoding, M points/s': { command: ['remote-write.ts'], figure: /([\d.]+) M points\/s.*counters/ },
  'dedup, event ids all new, M events/s': {
    command: ['dedup.ts', 'event ids, exact'],
    figure: /([\d.]+) M\/s new/
  },
  'dedup, samples all duplicates, M points/s': {
    command: ['dedup.ts', 'samples'],
    figure: /([\d.]+) M\/s duplicates/
  },
  'cardinality_limiter, all have places, M points/s': {
    command: ['cardinality.ts', '10,000 delta series, all'],
    figure: /([\d.]+) M points\/s/
  },
  'cardinality_limiter, 99 of 100 series have none, M points/s': {
    command: ['cardinality.ts', '1,000,000 cumulative'],
    figure: /([\d.]+) M points\/s/
  }
}

const kept = readBaseline()
const found: Record<string, number> = {}
for (const [name, { command, figure: pattern }] of Object.entries(BENCHES)) {
  const speed = calibrate()
  const [file, ...options] = command
  const { stdout } = spawnSync(process.execPath, [path.join(import.meta.dirname, file), ...options], {
    encoding: 'utf8'
  })
  const figure = Number(pattern.exec(stdout)?.[1])
  if (Number.isNaN(figure)) throw new Error(`${file} printed no figure like ${pattern}: ${stdout}`)
  found[name] = figure / speed
  const ratio =
    kept[name] === undefined ? 'no baseline' : `${((found[name] / kept[name]) * 100).toFixed(0)} % of baseline`
  console.log(`${figure.toFixed(2).padStart(8)}  ${name} (${ratio})`)
}
if (process.argv.includes('--keep')) writeFileSync(BASELINE, `${JSON.stringify(found, null, 2)}\n`)

/** How fast this machine is right now: hundreds of millions of integer steps a second. */
function calibrate(): number {
  const start = performance.now()
  let steps = 0
  for (let hash = 1; performance.now() - start < CALIBRATION_MS; steps++) {
    for (let i = 0; i < 1e6; i++) hash = Math.imul(hash ^ i, 0x9e3779b1)
    if (hash === 42) console.log()
  }
  return steps / ((performance.now() - start) / 1000) / 100
}

function readBaseline(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(BASELINE, 'utf8'))
  } catch {
    return {}
  }
}
