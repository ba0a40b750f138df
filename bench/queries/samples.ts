import { setImmediate } from 'node:timers/promises'

/** Of raw samples. */
const INTERVAL_MS = 10_000
const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
/** Samples in one INSERT: the memory of the engine stays small. */
const ROWS_AN_INSERT = 6_000_000
/** Series in one request to VictoriaMetrics. */
const SERIES_A_REQUEST = 50
/** Series are scraped so many seconds apart. */
const OFFSETS = 9
const INSTANCES = 100

export interface Extent {
  readonly series: number
  /** Unix ms: a whole hour. */
  readonly end: number
  readonly rawMs: number
  readonly longMs: number
}

/** Half of the series are of a counter, the others of a gauge; `build_info` comes on top. */
interface Family {
  readonly name: string
  /** Of the Prometheus series. */
  readonly shown: string
  readonly kind: 'counter' | 'gauge'
  /** Labels as SQL and as an object, of series `n`. */
  readonly sql: string
  labels(n: number): Record<string, string>
  /** Of series `n`, sample `k` since 1970: an expression of SQL and JavaScript alike. */
  readonly value: string
  readonly share: number
}

const FAMILIES: readonly Family[] = [
  {
    name: 'http.requests',
    shown: 'http_requests_total',
    kind: 'counter',
    sql: `map('instance', 'i' || toString(n % ${INSTANCES}), 'route', '/r' || toString(intDiv(n, ${INSTANCES}) % 10), 'status', toString(200 + 100 * (intDiv(n, ${10 * INSTANCES}) % 4)))`,
    labels: n => ({
      instance: `i${n % INSTANCES}`,
      route: `/r${Math.floor(n / INSTANCES) % 10}`,
      status: String(200 + 100 * (Math.floor(n / (10 * INSTANCES)) % 4))
    }),
    value: '(k % 1000000) * (5 + n % 7) + (k * 31 + n * 17) % 5',
    share: 0.4
  },
  {
    name: 'queue.size',
    shown: 'queue_size',
    kind: 'gauge',
    sql: `map('instance', 'i' || toString(n % ${INSTANCES}), 'queue', 'q' || toString(intDiv(n, ${INSTANCES})))`,
    labels: n => ({ instance: `i${n % INSTANCES}`, queue: `q${Math.floor(n / INSTANCES)}` }),
    value: '((k % 997) * (k % 89) + n * 31) % 101',
    share: 0.6
  }
]
const STATES = [
  ['queue.size', 'gauge', 'unspecified', '(n + k) % 101'],
  ['queue.size.max', 'gauge', 'unspecified', '100'],
  ['queue.size.sum', 'up_down_counter', 'delta', '(n + k) % 300'],
  ['queue.size.count', 'counter', 'delta', '6']
] as const

type Run = (sql: string) => Promise<void>

/** Raw samples, and tiers of a minute and an hour as the processor `rollup` makes them. Returns the number of raw ones. */
export async function fillClickHouse(run: Run, extent: Extent): Promise<number> {
  const { end, rawMs, longMs, series } = extent
  let samples = 0
  for (const { name, kind, sql, value, share } of FAMILIES) {
    const own = { series: Math.round(series * share), labels: sql, end }
    const temporality = kind === 'counter' ? 'cumulative' : 'unspecified'
    samples += await fill(run, '', { ...own, name, kind, temporality, value, everyMs: INTERVAL_MS, lengthMs: rawMs })
    for (const [tier, everyMs, lengthMs] of [
      ['1m', MINUTE_MS, rawMs],
      ['1h', HOUR_MS, longMs]
    ] as const) {
      const labels = `mapUpdate(${sql}, map('rollup', '${tier}'))`
      const states =
        kind === 'gauge' ? STATES : [[name, kind, 'delta', `6 * (5 + n % 7) * ${everyMs / MINUTE_MS}`] as const]
      for (const [stateName, stateKind, stateTemporality, of] of states)
        await fill(run, `_${tier}`, {
          ...own,
          labels,
          name: stateName,
          kind: stateKind,
          temporality: stateTemporality,
          value: of,
          everyMs,
          lengthMs
        })
    }
  }
  const info = { name: 'build_info', kind: 'gauge', temporality: 'unspecified', series: INSTANCES, value: '1', end }
  const labels = `map('instance', 'i' || toString(n), 'version', 'v' || toString(n % 3))`
  samples += await fill(run, '', { ...info, labels, everyMs: INTERVAL_MS, lengthMs: rawMs })
  await fill(run, '_1h', {
    ...info,
    labels: `mapUpdate(${labels}, map('rollup', '1h'))`,
    everyMs: HOUR_MS,
    lengthMs: longMs
  })
  // As tables are after some time. Merges under way would take time from queries.
  for (const table of ['series', 'samples'])
    for (const suffix of ['', '_1m', '_1h']) await run(`OPTIMIZE TABLE weir.${table}${suffix} FINAL`)
  return samples
}

interface Filling {
  readonly name: string
  readonly kind: string
  readonly temporality: string
  readonly labels: string
  readonly series: number
  readonly value: string
  readonly everyMs: number
  readonly lengthMs: number
  readonly end: number
}

async function fill(run: Run, suffix: string, filling: Filling): Promise<number> {
  const { name, kind, temporality, labels, series, value, everyMs, lengthMs, end } = filling
  const id = `cityHash64(n, '${name}${suffix}')`
  const start = end - lengthMs
  await run(`INSERT INTO weir.series${suffix}
    SELECT '${name}', ${id}, '${kind}', '${temporality}', '', '', ${labels}, map(), '', '', map(), ${start / 1000}, ${end / 1000}
    FROM (SELECT number AS n FROM numbers(${series}))`)
  const jitter = suffix === '' ? `- 1000 * (n % ${OFFSETS})` : ''
  const begin = temporality === 'delta' ? `fromUnixTimestamp64Milli(ms - ${everyMs}, 'UTC')` : 'toDateTime64(0, 6)'
  const steps = Math.max(1, Math.floor(ROWS_AN_INSERT / series))
  const all = lengthMs / everyMs
  for (let from = 0; from < all; from += steps)
    await run(`INSERT INTO weir.samples${suffix}
      SELECT '${name}', ${id}, fromUnixTimestamp64Milli(ms), ${begin}, toFloat64(${value}), 0
      FROM (SELECT n, k, toInt64(${everyMs} * k ${jitter}) AS ms FROM (
        SELECT toInt64(number % ${series}) AS n, toInt64(${start / everyMs + from + 1} + intDiv(number, ${series})) AS k
        FROM numbers(${series * Math.min(steps, all - from)})))`)
  return series * all
}

/** The same raw samples, and before them one an hour. @param url of VictoriaMetrics */
export async function fillVictoriaMetrics(url: string, extent: Extent): Promise<void> {
  const { series } = extent
  for (const { shown, labels, value, share } of FAMILIES) {
    const valueAt = new Function('n', 'k', `return ${value}`) as (n: number, k: number) => number
    await send(url, Math.round(series * share), n => line({ __name__: shown, ...labels(n) }, n, extent, valueAt))
  }
  const info = (n: number) => ({ __name__: 'build_info', instance: `i${n}`, version: `v${n % 3}` })
  await send(url, INSTANCES, n => line(info(n), n, extent, () => 1))
}

async function send(url: string, series: number, lineOf: (n: number) => string): Promise<void> {
  for (let from = 0; from < series; from += SERIES_A_REQUEST) {
    const size = Math.min(SERIES_A_REQUEST, series - from)
    const body = Array.from({ length: size }, (_, i) => lineOf(from + i)).join('\n')
    const response = await fetch(`${url}/api/v1/import`, { method: 'POST', body })
    if (!response.ok) throw new Error(`VictoriaMetrics: ${response.status} ${await response.text()}`)
    await setImmediate()
  }
}

const timesByOffset = new Map<number, string>()

function line(
  metric: Record<string, string>,
  n: number,
  extent: Extent,
  valueAt: (n: number, k: number) => number
): string {
  const offset = n % OFFSETS
  const ks = samplesOf(extent)
  const times = timesByOffset.get(offset) ?? ks.map(k => k * INTERVAL_MS - 1000 * offset).join()
  timesByOffset.set(offset, times)
  return `{"metric":${JSON.stringify(metric)},"values":[${ks.map(k => valueAt(n, k)).join()}],"timestamps":[${times}]}`
}

let numbers: number[] | undefined

/** Of samples since 1970. */
function samplesOf({ end, rawMs, longMs }: Extent): number[] {
  if (numbers !== undefined) return numbers
  numbers = []
  for (let ms = end - longMs + HOUR_MS; ms <= end - rawMs; ms += HOUR_MS) numbers.push(ms / INTERVAL_MS)
  for (let ms = end - rawMs + INTERVAL_MS; ms <= end; ms += INTERVAL_MS) numbers.push(ms / INTERVAL_MS)
  return numbers
}
