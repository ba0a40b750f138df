import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { OtlpMetricsDecoder } from '../../core/wire/otlp/metrics-decoder.ts'
import victoriametrics from '../../exporters/victoriametrics/index.ts'
import { ExporterHarness, testConfig, testContext } from '../../sdk/plugin/testing.ts'
import { type ReceivedSample, RemoteWriteBackend } from '../e2e/remote-write-backend.ts'
import { toProtobuf } from './otlp-proto.ts'
import { countOf, requestOf, sumOf } from './requests.ts'
import { NOW, SECONDS, within } from './run.ts'
import { type Application, play, type SentPoint, traffic } from './traffic.ts'

/** What became of the points, and the books at the end. */
async function stored(requests: SentPoint[][], backend: RemoteWriteBackend) {
  backend.discard()
  const context = testContext('victoriametrics')
  const config = testConfig(victoriametrics, {
    endpoint: backend.url,
    target_info: false,
    exponential_histograms: 'le'
  })
  const harness = await new ExporterHarness(victoriametrics.create(config, context), context).start()
  const decoder = new OtlpMetricsDecoder(context.series)
  for (const points of requests) {
    const { block } = decoder.decode(toProtobuf(requestOf(points)), NOW)
    const { status } = await within(5000, harness.send(block), 'the exporter tries for ever')
    assert.notEqual(status, 'nacked')
  }
  await harness.stop()
  const { imbalance, inFlight, sent, droppedTotal } = context.account
  assert.deepEqual([imbalance, inFlight, sent + droppedTotal], [0, 0, requests.flat().length])
  return backend.samples()
}

it('hostile but legal OTLP becomes the series that Prometheus would have', async t => {
  const backend = await RemoteWriteBackend.start(t)
  const property = fc.asyncProperty(traffic, async moves => {
    const requests = play(moves, NOW)
    const samples = await stored(requests, backend)
    for (const from of new Set(requests.flat().map(point => point.from))) {
      const points = requests.map(own => own.filter(point => point.from === from))
      const named = samplesOf(from, samples)
      if (from.kind.endsWith('histogram')) checkHistogram(from, points, named)
      else if (from.kind !== 'summary') assert.deepEqual(valuesOf(named), expected(points), from.name)
    }
  })
  await fc.assert(property, { numRuns: 1_000_000_000, interruptAfterTimeLimit: SECONDS * 1000 })
})

/** By time; what leaves later replaces what is stored. Ends of series and values that are no number are NaN. */
function valuesOf(samples: readonly ReceivedSample[]): Record<number, number> {
  return Object.fromEntries(samples.map(({ time, value }) => [time, value]))
}

/** Of increments of a request at one time, those of different intervals add up; of everything else the last one stays. */
function expected(requests: readonly SentPoint[][]): Record<number, number> {
  const values: Record<number, number> = {}
  for (const points of requests)
    for (const own of byTime(points)) {
      const last = own.at(-1)!
      const added = intervalsOf(own)
      const value = last.isStale ? Number.NaN : last.value
      values[last.time] = added.length > 0 ? added.reduce((sum, point) => sum + point.value, 0) : value
    }
  return values
}

/** The increments among them, each interval once. */
function intervalsOf(points: readonly SentPoint[]): SentPoint[] {
  const increments = points.filter(({ from, isStale }) => from.temporality === 'delta' && !isStale)
  return [...new Map(increments.map(point => [point.from.noStart ? point : point.start, point])).values()]
}

function byTime(points: readonly SentPoint[]): SentPoint[][] {
  return [...Map.groupBy(points, ({ time }) => time).values()]
}

function checkHistogram(from: Application, requests: readonly SentPoint[][], samples: readonly ReceivedSample[]): void {
  const counts: Record<number, number> = {}
  const sums: Record<number, number> = {}
  for (const points of requests)
    for (const own of byTime(points)) {
      const last = own.at(-1)!
      const added = intervalsOf(own)
      const kept = added.length > 0 ? added : [last]
      const isEnd = added.length === 0 && last.isStale
      const total = (of: (buckets: readonly number[]) => number) =>
        isEnd ? Number.NaN : kept.reduce((sum, { buckets }) => sum + of(buckets), 0)
      counts[last.time] = total(countOf)
      if (isEnd || !from.noSum) sums[last.time] = total(sumOf)
    }
  const ending = (suffix: string) => samples.filter(({ labels }) => labels.__name__.endsWith(suffix))
  assert.deepEqual(valuesOf(ending('_count')), counts, `${from.name}: counts`)
  assert.deepEqual(known(valuesOf(ending('_sum'))), known(sums), `${from.name}: sums`)
  for (const [time, count] of Object.entries(counts))
    if (requests.filter(own => own.some(point => point.time === Number(time))).length === 1)
      checkBuckets(
        from,
        ending('_bucket').filter(sample => sample.time === Number(time)),
        count
      )
}

const known = (values: Record<number, number>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => !Number.isNaN(value)))

/** Each bound once, counts that do not fall, and all of the observations in the last. */
function checkBuckets({ name }: Application, buckets: readonly ReceivedSample[], count: number): void {
  const byBound = new Map(buckets.map(({ labels, value }) => [Number(labels.le.replace('Inf', 'Infinity')), value]))
  const inOrder = [...byBound].sort(([a], [b]) => a - b)
  for (const [i, [, value]] of inOrder.entries())
    assert.ok(i === 0 || !(value < inOrder[i - 1][1]), `${name}: it falls`)
  if (buckets.length > 0 && !Number.isNaN(count))
    assert.deepEqual(inOrder.at(-1), [Infinity, count], `${name}: all are in the last`)
}

/** Those of one application: its attributes are labels. */
function samplesOf({ name, attributes, kind, temporality }: Application, samples: readonly ReceivedSample[]) {
  const base = name.replaceAll('.', '_')
  const isTotal = kind === 'counter' && temporality === 'cumulative'
  const names = kind.endsWith('histogram')
    ? ['_count', '_sum', '_bucket'].map(end => base + end)
    : [isTotal ? `${base}_total` : base]
  const [key, value] = attributes[0] ?? ['', '']
  return samples.filter(
    ({ labels }) =>
      names.includes(labels.__name__) &&
      (key === '' || key === 'twice' || labels[key.replaceAll('.', '_')] === String(value))
  )
}
