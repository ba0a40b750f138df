import { type StoredPoint, windowEnd } from '../e2e/counts.ts'

/** Of every sum: how much of it is missing in the store, and how much is there too often. */
export interface Verdict {
  readonly lost: number
  readonly doubled: number
  /** One line each, for people. */
  readonly findings: readonly string[]
}

const WINDOWS: readonly [string, number][] = [
  ['1s', 1_000],
  ['10s', 10_000]
]

/** The driver's own books: what it had to deliver, by series and second of event time. */
export class Ledger {
  /** Items sent, deliberate duplicates not counted. */
  items = 0
  #bySecond = new Map<string, Map<number, number>>()

  add(series: string, time: number, value: number): void {
    this.items++
    let seconds = this.#bySecond.get(series)
    if (seconds === undefined) this.#bySecond.set(series, (seconds = new Map()))
    const end = windowEnd(time, 1_000)
    seconds.set(end, (seconds.get(end) ?? 0) + value)
  }

  /** Of windows and cumulative series, what a store has too little or too much of. */
  compare(stored: readonly StoredPoint[]): Verdict {
    const judge = new Judge()
    const bySeries = Map.groupBy(stored, ({ series }) => series)
    for (const series of bySeries.keys())
      if (!this.#bySecond.has(series)) judge.compare(`series ${series}, never sent`, 0, Number.POSITIVE_INFINITY)
    for (const [series, seconds] of this.#bySecond) compareSeries(judge, series, seconds, bySeries.get(series) ?? [])
    return judge
  }
}

class Judge implements Verdict {
  lost = 0
  doubled = 0
  findings: string[] = []

  compare(what: string, wanted: number, seen: number): void {
    if (seen === wanted) return
    if (seen < wanted) this.lost += wanted - seen
    else this.doubled += seen - wanted
    this.findings.push(`${what}: ${wanted} sent, ${seen} stored`)
  }
}

function compareSeries(
  judge: Judge,
  series: string,
  seconds: ReadonlyMap<number, number>,
  own: readonly StoredPoint[]
): void {
  const total = sum(seconds.values())
  for (const [window, size] of WINDOWS) {
    const points = own.filter(point => point.window === window)
    judge.compare(`${series}, all windows of ${window}`, total, sum(points.map(({ value }) => value)))
    const sent = new Map<number, number>()
    for (const [end, value] of seconds) {
      const at = Math.ceil(end / size) * size
      sent.set(at, (sent.get(at) ?? 0) + value)
    }
    const onTime = points.filter(({ late }) => !late)
    const isAnyLate = onTime.length < points.length
    const seen = new Map(onTime.map(({ time, value }) => [time, value]))
    if (seen.size < onTime.length)
      judge.compare(`${series}, windows of ${window} stored twice`, seen.size, onTime.length)
    // What came too late is in the late series: then a window may hold less than what was sent for it, never more.
    for (const at of new Set([...seen.keys(), ...sent.keys()])) {
      const [got, wanted] = [seen.get(at) ?? 0, sent.get(at) ?? 0]
      if (got > wanted || !isAnyLate) judge.compare(`${series}, window of ${window} to ${at}`, wanted, got)
    }
  }
  compareCumulative(judge, series, total, own)
}

function compareCumulative(judge: Judge, series: string, total: number, own: readonly StoredPoint[]): void {
  const totals = own.filter(({ window }) => window === undefined).sort((a, b) => a.time - b.time)
  judge.compare(`${series}, first value`, 0, totals[0]?.value ?? 0)
  judge.compare(`${series}, last value`, total, totals.at(-1)?.value ?? 0)
  for (let i = 1; i < totals.length; i++) {
    if (totals[i].value < totals[i - 1].value)
      judge.compare(`${series}, went back at ${totals[i].time}`, totals[i - 1].value, totals[i].value)
  }
}

function sum(values: Iterable<number>): number {
  let sum = 0
  for (const value of values) sum += value
  return sum
}
