import { SeriesTable } from '../core/model/series-table/series-table.ts'
import { OtlpMetricsDecoder } from '../core/wire/otlp/metrics-decoder.ts'
import { type OtlpBody, otlpBodies } from './otlp-payload.ts'

const LOAD = { series: 50_000, timeMs: 1_760_000_000_000 }
const REPEATS = 20
const ROUNDS = 6

const inOrder = otlpBodies(LOAD)
// No series is followed by the one that followed it last time.
const unforeseen = [1, 2, 3, 4].flatMap(seed => otlpBodies({ ...LOAD, orderSeed: seed * 100 }))
const decoder = new OtlpMetricsDecoder(new SeriesTable())
const sums = new Float64Array(LOAD.series)

console.log(
  `OTLP protobuf, ${LOAD.series} series, ${inOrder[0].bytes.length} bytes a body of 1,000 points, best of ${ROUNDS}:`
)
for (const [name, bodies, consume] of [
  ['decode', inOrder, decode],
  ['decode and sum', inOrder, decodeAndSum],
  ['decode and sum, order never the same', unforeseen, decodeAndSum]
] as const) {
  const rates = Array.from({ length: ROUNDS }, () => millionPointsPerSecond(bodies, consume))
  console.log(`  ${Math.max(...rates).toFixed(2)} M points/s  ${name}`)
}

function millionPointsPerSecond(bodies: readonly OtlpBody[], consume: (body: Buffer) => number): number {
  const started = performance.now()
  let points = 0
  for (let i = 0; i < REPEATS; i++) for (const { bytes } of bodies) points += consume(bytes)
  return points / (performance.now() - started) / 1000
}

function decode(body: Buffer): number {
  return decoder.decode(body, LOAD.timeMs).block.length
}

function decodeAndSum(body: Buffer): number {
  const { series, value, length } = decoder.decode(body, LOAD.timeMs).block
  for (let i = 0; i < length; i++) sums[series.ids[i]] += value[i]
  return length
}
