import assert from 'node:assert/strict'

/** A value as a store gives it back, stripped of what the store made of its name. */
export interface StoredPoint {
  /** As {@link seriesKey} has it, without the labels `window` and `late`. */
  readonly series: string
  /** Size of the window it is the count of; undefined for the cumulative series. */
  readonly window: string | undefined
  readonly late: boolean
  /** End of the window, Unix ms */
  readonly time: number
  readonly value: number
}

const SECOND_MS = 1_000
const TEN_SECONDS_MS = 10_000
// Labels that say where a point comes from or what it is, not what it counts.
const NOT_COUNTED_BY = new Set(['__name__', 'window', 'late', 'job', 'instance', 'otel_scope_name'])

/** `http_requests{client="a",route="/"}` */
export function seriesKey(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).filter(([key]) => !NOT_COUNTED_BY.has(key))
  return `${name}{${pairs
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort()
    .join(',')}}`
}

/** What was sent and answered with yes: by series, and by second where the sender knows the event time. */
export class SentCounts {
  readonly totals = new Map<string, number>()
  /** Series → end of the second it belongs to, Unix ms → sum. */
  readonly bySecond = new Map<string, Map<number, number>>()

  /** @param time Unix ms of the event; undefined where only the sender's library knows */
  add(series: string, value: number, time?: number): void {
    this.totals.set(series, (this.totals.get(series) ?? 0) + value)
    if (time === undefined) return
    let seconds = this.bySecond.get(series)
    if (seconds === undefined) this.bySecond.set(series, (seconds = new Map()))
    const end = windowEnd(time, SECOND_MS)
    seconds.set(end, (seconds.get(end) ?? 0) + value)
  }

  get total(): number {
    return [...this.totals.values()].reduce((a, b) => a + b, 0)
  }
}

/** End of the window of `size` that `time` falls in, all Unix ms. */
export function windowEnd(time: number, size: number): number {
  return (Math.floor(time / size) + 1) * size
}

/**
 * Windows of 1s and 10s and cumulative series say what was sent: no more, no less, no series besides. Where the sender
 * knows the second of each point, each second is compared by itself.
 */
export function assertCounted(stored: readonly StoredPoint[], sent: SentCounts): void {
  const seen = new Set(stored.map(({ series }) => series))
  assert.deepEqual([...seen].sort(), [...sent.totals.keys()].sort(), 'the series stored are those sent')
  for (const [series, total] of sent.totals) {
    const own = stored.filter(point => point.series === series)
    const seconds = own.filter(({ window }) => window === '1s')
    const tens = own.filter(({ window }) => window === '10s')
    assert.equal(sumOf(seconds), total, `sum of the 1s windows of ${series}`)
    assert.equal(sumOf(tens), total, `sum of the 10s windows of ${series}`)
    assertCumulative(series, own, total)
    if (own.some(({ late }) => late)) continue
    assert.deepEqual(sums(tens), sums(seconds, TEN_SECONDS_MS), `10s windows of ${series} are made of its 1s windows`)
    const bySecond = sent.bySecond.get(series)
    if (bySecond !== undefined) assert.deepEqual(sums(seconds), sorted(bySecond), `each 1s window of ${series}`)
  }
}

/** From a zero before the first window it only grows, and ends at what was sent. */
function assertCumulative(series: string, own: readonly StoredPoint[], total: number): void {
  const totals = own.filter(({ window }) => window === undefined).sort((a, b) => a.time - b.time)
  assert.equal(totals[0]?.value, 0, `${series} begins with a zero`)
  assert.equal(totals.at(-1)?.value, total, `the last value of ${series}`)
  for (let i = 1; i < totals.length; i++) assert.ok(totals[i].value >= totals[i - 1].value, `${series} only grows`)
}

/** Sums by window end, in order; with `size` the windows are put together to larger ones. */
function sums(points: readonly StoredPoint[], size?: number): Map<number, number> {
  const byEnd = new Map<number, number>()
  for (const { time, value } of points) {
    const end = size === undefined ? time : Math.ceil(time / size) * size
    byEnd.set(end, (byEnd.get(end) ?? 0) + value)
  }
  return sorted(byEnd)
}

const sorted = (map: ReadonlyMap<number, number>) => new Map([...map].sort(([a], [b]) => a - b))
const sumOf = (points: readonly StoredPoint[]) => points.reduce((sum, { value }) => sum + value, 0)
