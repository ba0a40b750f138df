// What the journal costs, side by side: one Weir with and one without take turns in one run. Then, at half of what it
// takes, how long replies take. `node bench/journal-cost.ts [turns]`
import { LoadedWeir, POINTS_PER_BODY } from './otlp-load.ts'

const WARM_UP_MS = 5000
const TURN_MS = 2000
const PACED_MS = 10_000

const turns = Number(process.argv[2] ?? 8)
const pair = { without: await LoadedWeir.start({ journal: false }), with: await LoadedWeir.start({ journal: true }) }
const found = { without: [] as Turn[], with: [] as Turn[] }
for (const weir of Object.values(pair)) await weir.flood(WARM_UP_MS)
for (let turn = 0; turn < turns; turn++)
  for (const which of turn % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const))
    found[which].push(await measure(pair[which]))

const costs = found.with.map((turn, i) => 1 - turn.perCpuSecond / found.without[i].perCpuSecond)
const [low, middle, high] = [0.25, 0.5, 0.75].map(share => quantile(costs, share) * 100)
console.log(
  `journal costs ${middle.toFixed(0)} % of the points per CPU second (half of ${turns} pairs: ${low.toFixed(0)} to ${high.toFixed(0)} %)`
)
for (const which of ['without', 'with'] as const) {
  const rate = quantile(
    found[which].map(({ perSecond }) => perSecond),
    0.5
  )
  const latencies = await pair[which].pace(rate / 2 / POINTS_PER_BODY, PACED_MS)
  const shown = [0.5, 0.99, 1].map(share => quantile(latencies, share).toFixed(1)).join(' / ')
  console.log(
    `${which} journal: ${(rate / 1e6).toFixed(2)} M points/s; at half of it replies take ${shown} ms (p50 / p99 / longest)`
  )
}
for (const weir of Object.values(pair)) await weir.stop()

interface Turn {
  readonly perSecond: number
  readonly perCpuSecond: number
}

async function measure(weir: LoadedWeir): Promise<Turn> {
  const from = await weir.reading()
  await weir.flood(TURN_MS)
  const to = await weir.reading()
  const points = to.received - from.received
  return { perSecond: (points / (to.at - from.at)) * 1000, perCpuSecond: points / (to.cpu - from.cpu) }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}
