import type { SentSeries } from '../../../../core/wire/remote-write/proto.ts'
import { randomNumbers } from '../../../../random-numbers.ts'

export const SECOND = 1000
const EVERY_MS = 15 * SECOND
const SAMPLES = 160
/** Of the time before the end that the samples fill. */
export const LENGTH_MS = SAMPLES * EVERY_MS
/** Far from 0: version 2 extrapolated in another way to where a counter was 0. */
const FIRST_COUNT = 1000
/** Requests in turn, so that the store has several parts. */
const REQUESTS = 4
const BOUNDS = ['0.1', '0.5', '1', '5', '+Inf']
const NATIVE_BUCKETS = 6
/** Stands for the end of a series until {@link withEnds}: encoders change the bits of a NaN. */
const END = 1.234567e-300
/** `0x7ff0000000000002`, little-endian: https://prometheus.io/docs/specs/prw/remote_write_spec/#stale-markers */
const STALE_BYTES = Uint8Array.of(2, 0, 0, 0, 0, 0, 0xf0, 0x7f)

interface Place {
  readonly labels: Readonly<Record<string, string>>
  /** True if nothing came from there: one place starts late, one ends early, and one has a gap. */
  isAway(i: number): boolean
  /** Its last scrape before it was away. */
  isLast(i: number): boolean
}

/**
 * Counters with resets, gauges with gaps, ends and odd values, classic and native histograms: requests of remote write in
 * the order of time.
 *
 * @param end Unix ms @param isApart true if no sample lies at a whole second
 */
export function sampleRequests(seed: number, end: number, isApart: boolean): SentSeries[][] {
  const random = randomNumbers(seed)
  const requests: SentSeries[][] = []
  const states = new Map<string, number>()
  const natives = new Map<string, number[]>()
  for (let request = 0; request < REQUESTS; request++) {
    const series = new SentRequest()
    const size = SAMPLES / REQUESTS
    for (let i = request * size; i < (request + 1) * size; i++) {
      const time = end - LENGTH_MS + i * EVERY_MS
      // The places are scraped at other times.
      for (const [n, place] of PLACES.entries()) {
        const at = time + n * SECOND + (isApart ? 1 + Math.floor(random() * 400) : 0)
        if (place.isAway(i)) continue
        addPlace(series, place, i, at, { random, states, natives })
      }
    }
    requests.push(series.all())
  }
  return requests
}

/** An encoded request with stale markers where series end. */
export function withEnds(request: Buffer): Buffer {
  const mark = Buffer.from(new Float64Array([END]).buffer)
  for (let at = request.indexOf(mark); at >= 0; at = request.indexOf(mark, at)) request.set(STALE_BYTES, at)
  return request
}

const PLACES: readonly Place[] = ['a', 'b'].flatMap(job =>
  ['1', '2', '3'].map(instance => {
    const isAway = (i: number) =>
      (instance === '3' && i < 40) ||
      (job === 'b' && instance === '1' && i > 100) ||
      (instance === '2' && i > 60 && i < 90)
    return { labels: { job, instance }, isAway, isLast: (i: number) => !isAway(i) && isAway(i + 1) }
  })
)

interface State {
  readonly random: () => number
  /** Values of counters. */
  readonly states: Map<string, number>
  /** Buckets of native histograms. */
  readonly natives: Map<string, number[]>
}

function addPlace(request: SentRequest, place: Place, i: number, time: number, state: State): void {
  const { random, states } = state
  const { labels, isLast } = place
  const count = (labels: Readonly<Record<string, string>>, by: number) => {
    const key = JSON.stringify(labels)
    const value = (states.get(key) ?? FIRST_COUNT) + by
    states.set(key, value)
    request.add(labels, time, value)
  }
  const gauge = (name: string, value: number, more = {}) => {
    // Some ends are told, others are not.
    const isEnd = isLast(i) && labels.job === 'a'
    request.add({ __name__: name, ...more, ...labels }, time, isEnd ? END : value)
  }
  if (random() < 0.03) for (const key of states.keys()) if (isOf(key, labels)) states.set(key, FIRST_COUNT / 2)
  for (const route of ['/x', '/y']) count({ __name__: 'http_requests_total', route, ...labels }, random() * 10)
  count({ __name__: 'errors_total', route: '/x', ...labels }, random() < 0.3 ? random() : 0)
  gauge('queue_size', random() * 100)
  gauge('temperature', (random() - 0.5) * 100, { window: '10s' })
  const odd = random()
  gauge('odd_values', odd < 0.02 ? Number.NaN : odd < 0.04 ? Infinity : odd < 0.06 ? -Infinity : odd * 100)
  gauge('build_info', 1, { version: i < 70 ? 'old' : `new${labels.instance}` })
  let below = 0
  for (const le of BOUNDS) count({ __name__: 'latency_seconds_bucket', le, ...labels }, (below += random() * 3))
  count({ __name__: 'latency_seconds_count', ...labels }, below)
  count({ __name__: 'latency_seconds_sum', ...labels }, random())
  addNative(request, { __name__: 'payload_bytes', ...labels }, i, time, state)
}

function isOf(key: string, { job, instance }: Readonly<Record<string, string>>): boolean {
  return key.includes(`"job":"${job}","instance":"${instance}"`)
}

/** A native histogram that becomes coarser and begins anew. */
function addNative(
  request: SentRequest,
  labels: Readonly<Record<string, string>>,
  i: number,
  time: number,
  { random, natives }: State
): void {
  const key = JSON.stringify(labels)
  const isAnew = random() < 0.03
  const counts = (isAnew ? undefined : natives.get(key)) ?? new Array<number>(NATIVE_BUCKETS + 3).fill(20)
  for (let bucket = 0; bucket < counts.length; bucket++) counts[bucket] += Math.floor(random() * 5)
  natives.set(key, counts)
  const [zeroCount, below, least, ...above] = counts
  const deltas = (values: readonly number[]) => values.map((value, i) => value - (values[i - 1] ?? 0))
  request.addHistogram(labels, {
    countInt: counts.reduce((sum, own) => sum + own),
    sum: counts.reduce((sum, own, bucket) => sum + own * bucket),
    schema: labels.instance === '1' && i > 80 ? 2 : 3,
    zeroThreshold: 0.001,
    zeroCountInt: zeroCount,
    negativeSpans: [{ offset: 2, length: 2 }],
    negativeDeltas: deltas([below, least]),
    positiveSpans: [
      { offset: 4, length: NATIVE_BUCKETS / 2 },
      { offset: 3, length: NATIVE_BUCKETS / 2 }
    ],
    positiveDeltas: deltas(above),
    timestamp: time
  })
}

/** Series of one request. */
class SentRequest {
  readonly #series = new Map<string, Required<Pick<SentSeries, 'labels' | 'samples' | 'histograms'>>>()

  add(labels: Readonly<Record<string, string>>, timestamp: number, value: number): void {
    ;(this.#of(labels).samples as object[]).push({ timestamp, value })
  }

  addHistogram(labels: Readonly<Record<string, string>>, histogram: object): void {
    ;(this.#of(labels).histograms as object[]).push(histogram)
  }

  all(): SentSeries[] {
    return [...this.#series.values()]
  }

  #of(labels: Readonly<Record<string, string>>) {
    const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
    const key = JSON.stringify(sorted)
    const known = this.#series.get(key) ?? { labels: sorted, samples: [], histograms: [] }
    this.#series.set(key, known)
    return known
  }
}
