// What the journal costs, side by side: one Weir with and one without take turns in one run, on one core. Then, each with
// what cores there are, how long replies take at half of what it takes. `node bench/journal-cost.ts [turns]`
import { LoadedWeir, POINTS_PER_BODY } from './otlp-load.ts'

// Until windows of 1m have closed: their series are made at the first.
const WARM_UP_MS = 66_000
const WARM_UP_REQUESTS = 60
const TURN_MS = 2000
/** At half load before it counts: V8 needs some seconds to find how much memory that takes. */
const SETTLE_MS = 5000
const PACED_MS = 20_000
const SIDES = ['without', 'with'] as const

const turns = Number(process.argv[2] ?? 8)
await costs()
await latencies()

async function costs(): Promise<void> {
  const pair = await startPair(true)
  const found = { without: [] as number[], with: [] as number[] }
  for (let turn = 0; turn < turns; turn++)
    for (const which of turn % 2 === 0 ? SIDES : SIDES.toReversed())
      found[which].push((await measure(pair[which])).perCpuSecond)
  const shares = found.with.map((speed, i) => 1 - speed / found.without[i])
  const [low, middle, high] = [0.25, 0.5, 0.75].map(share => (quantile(shares, share) * 100).toFixed(0))
  console.log(
    `the journal costs ${middle} % of the points per CPU second (half of ${turns} pairs: ${low} to ${high} %)`
  )
  await stopPair(pair)
}

async function latencies(): Promise<void> {
  const pair = await startPair(false)
  for (const which of SIDES) {
    const { perSecond } = await measure(pair[which])
    await pair[which].caughtUp()
    const half = perSecond / 2 / POINTS_PER_BODY
    await pair[which].pace(half, SETTLE_MS)
    const replies = await pair[which].pace(half, PACED_MS)
    const shown = [0.5, 0.9, 0.99, 1].map(share => quantile(replies, share).toFixed(1)).join(' / ')
    console.log(
      `${which} journal: ${(perSecond / 1e6).toFixed(2)} M points/s; at half of it replies take ${shown} ms (p50 / p90 / p99 / longest)`
    )
  }
  await stopPair(pair)
}

async function startPair(pinned: boolean): Promise<Record<(typeof SIDES)[number], LoadedWeir>> {
  const pair = {
    without: await LoadedWeir.start({ journal: false, pinned }),
    with: await LoadedWeir.start({ journal: true, pinned })
  }
  for (const which of SIDES) await pair[which].flood(TURN_MS)
  await Promise.all(SIDES.map(which => pair[which].pace(WARM_UP_REQUESTS, WARM_UP_MS)))
  return pair
}

async function stopPair(pair: Record<(typeof SIDES)[number], LoadedWeir>): Promise<void> {
  for (const which of SIDES) await pair[which].stop()
}

async function measure(weir: LoadedWeir): Promise<{ readonly perSecond: number; readonly perCpuSecond: number }> {
  const from = await weir.reading()
  await weir.flood(TURN_MS)
  const to = await weir.reading()
  const points = to.processed - from.processed
  return { perSecond: (points / (to.at - from.at)) * 1000, perCpuSecond: points / (to.cpu - from.cpu) }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}
