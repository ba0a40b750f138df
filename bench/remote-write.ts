// Points per second from a block to the compressed remote write requests of it.
import type { Distribution } from '../core/model/distribution.ts'
import { type PointBlock, PointBlockBuilder } from '../core/model/points.ts'
import { SeriesTable } from '../core/model/series-table/series-table.ts'
import { runThrough } from '../core/model/stepwise.ts'
import { rowsBySeries } from '../core/wire/prometheus/samples.ts'
import { Translator } from '../core/wire/prometheus/translator.ts'
import { LabelSets } from '../core/wire/remote-write/label-sets.ts'
import { encodeWriteRequests } from '../core/wire/remote-write/write-request.ts'
import { compress as snappy } from '../core/wire/snappy.ts'
import { ZstdCompressor } from '../core/wire/zstd.ts'

const TIME = 1_760_000_000_000
const ROUNDS = 8
const BLOCKS = 20
const POINTS = 10_000

const HISTOGRAM: Distribution = {
  kind: 'histogram',
  count: 60,
  sum: 99,
  min: 1,
  max: 90,
  bounds: [1, 2, 5, 10, 20, 50],
  counts: [10, 9, 8, 7, 6, 10, 10]
}
const RESOURCE = {
  attributes: [
    ['service.instance.id', 'pod-4711'],
    ['service.name', 'checkout']
  ],
  schemaUrl: ''
} as const

const compressor = new ZstdCompressor()
const zstd = (bytes: Uint8Array) => compressor.compress(bytes)

console.log(`Remote write, blocks of ${POINTS} points, one a series, best of ${ROUNDS}:`)
for (const [name, block] of [
  ['counters', counters()],
  ['histograms of 7 buckets (9 samples a point)', histograms()]
] as const)
  for (const compress of [snappy, zstd]) {
    const { points, bytes } = await best(block, compress)
    const codec = compress === snappy ? 'snappy' : 'zstd'
    console.log(`  ${points.toFixed(2)} M points/s, ${bytes.toFixed(1)} bytes a point  ${name}, ${codec}`)
  }

async function best(
  block: PointBlock,
  compress: typeof snappy | typeof zstd
): Promise<{ points: number; bytes: number }> {
  const options = {
    strategy: 'UnderscoreEscapingWithSuffixes',
    externalLabels: {},
    promoteResourceAttributes: []
  } as const
  const labelSets = new LabelSets(block.series.table, options.strategy, (series, id) => translator.relabel(series, id))
  const translation = { ...options, targetInfo: true, exponentialHistograms: 'vmrange' } as const
  const translator = new Translator(block.series.table, translation, labelSets)
  let points = 0
  let bytes = 0
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now()
    bytes = 0
    for (let i = 0; i < BLOCKS; i++) {
      const { samples, metadata } = translator.translate(block, TIME)
      for (const encoding of encodeWriteRequests(samples, labelSets, rowsBySeries(samples), metadata, 10_000))
        bytes += (await compress(runThrough(encoding).body)).length
    }
    points = Math.max(points, (BLOCKS * POINTS) / (performance.now() - begun) / 1000)
  }
  return { points, bytes: bytes / BLOCKS / POINTS }
}

function counters(): PointBlock {
  const registry = new SeriesTable()
  const metric = {
    name: 'http.requests',
    unit: '{request}',
    description: '',
    kind: 'counter',
    temporality: 'cumulative'
  } as const
  const points = new PointBlockBuilder(POINTS)
  for (let i = 0; i < POINTS; i++) points.add(registry.intern(metric, attributes(i), RESOURCE), TIME, i)
  return points.build()
}

function histograms(): PointBlock {
  const registry = new SeriesTable()
  const metric = {
    name: 'http.duration',
    unit: 's',
    description: '',
    kind: 'histogram',
    temporality: 'cumulative'
  } as const
  const points = new PointBlockBuilder(POINTS)
  for (let i = 0; i < POINTS; i++)
    points.addDistribution(registry.intern(metric, attributes(i), RESOURCE), TIME, HISTOGRAM)
  return points.build()
}

function attributes(i: number) {
  return [
    ['http.method', 'GET'],
    ['http.route', `/api/v2/items/${i}`],
    ['http.status_code', 200 + (i % 6)]
  ] as const
}
