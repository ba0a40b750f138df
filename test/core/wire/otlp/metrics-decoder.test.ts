import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import { attributeText } from '../../../../core/model/attributes.ts'
import type { PointBlock } from '../../../../core/model/points.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import type { DecodedMetrics } from '../../../../core/wire/otlp/decoded-metrics.ts'
import { decodeMetricsJson } from '../../../../core/wire/otlp/json-decoder.ts'
import { OtlpMetricsDecoder } from '../../../../core/wire/otlp/metrics-decoder.ts'
import { END_MS, START_MS, sdkMetrics } from './sdk-data.ts'

const EXAMPLE = new URL('../../../../../shared/testdata/otlp-metrics-example.json', import.meta.url)
const RECEIVED_AT = 1_770_000_000_000

const decoders: readonly [string, (registry: SeriesTable) => DecodedMetrics][] = [
  ['protobuf', registry => new OtlpMetricsDecoder(registry).decode(protobuf(), RECEIVED_AT)],
  ['json', registry => decodeMetricsJson(json(), registry, RECEIVED_AT)]
]
const protobuf = () => Buffer.from(ProtobufMetricsSerializer.serializeRequest(sdkMetrics())!)
const json = () => Buffer.from(JsonMetricsSerializer.serializeRequest(sdkMetrics())!)

for (const [name, decode] of decoders) {
  test(`${name}: every kind an SDK sends`, () => {
    const { block, rejections } = decode(new SeriesTable())
    assert.deepEqual(rejections.items, new Map())
    assert.deepEqual(
      [...block.series].map(({ metric }) => [metric.name, metric.kind, metric.temporality]),
      [
        ['gauge', 'gauge', 'unspecified'],
        ['gauge', 'gauge', 'unspecified'],
        ['counter', 'counter', 'delta'],
        ['counter', 'counter', 'delta'],
        ['up_down', 'up_down_counter', 'cumulative'],
        ['histogram', 'histogram', 'delta'],
        ['histogram', 'histogram', 'delta'],
        ['exponential', 'exponential_histogram', 'cumulative']
      ]
    )
    assert.deepEqual([...block.value], [1.5, -2.25, 3, 2 ** 40, -9, 21.5, Number.NaN, 30])
    assert.deepEqual(new Set(block.time), new Set([END_MS]))
    assert.deepEqual(new Set(block.start), new Set([START_MS]))
    assert.deepEqual(new Set(block.flags), new Set([0]))
  })

  test(`${name}: a series and all that surrounds it`, () => {
    const { series } = decode(new SeriesTable()).block
    const { id, metric, attributes, resource, scope } = series.at(2)
    assert.deepEqual(
      { id, metric, attributes, resource, scope },
      {
        id: 2,
        metric: { name: 'counter', unit: 'By', description: 'about counter', kind: 'counter', temporality: 'delta' },
        attributes: [
          ['cached', true],
          ['code', 200],
          ['ratio', 0.25],
          ['tags', ['x', 'y']],
          ['zone', 'b']
        ],
        resource: {
          attributes: [
            ['pid', 7],
            ['service.name', 'checkout']
          ],
          schemaUrl: 'https://example.org/r'
        },
        scope: { name: 'shop', version: '1.2.0', attributes: [], schemaUrl: 'https://example.org/scope' }
      }
    )
    assert.deepEqual(series.at(3).attributes, [['zone', 'ü']])
  })

  test(`${name}: distributions`, () => {
    const { distributions } = decode(new SeriesTable()).block
    const unknown = { sum: Number.NaN, min: Number.NaN, max: Number.NaN }
    assert.deepEqual(
      distributions,
      new Map<number, unknown>([
        [5, { kind: 'histogram', count: 6, sum: 21.5, min: 0.5, max: 11, bounds: [1, 5], counts: [1, 3, 2] }],
        [6, { kind: 'histogram', count: 2, ...unknown, bounds: [1], counts: [1, 1] }],
        [
          7,
          {
            kind: 'exponential_histogram',
            count: 8,
            sum: 30,
            min: -4,
            max: 9,
            scale: -1,
            zeroCount: 2,
            zeroThreshold: 0,
            positive: { offset: -3, counts: [1, 0, 300] },
            negative: { offset: 4, counts: [2] }
          }
        ]
      ])
    )
  })
}

test('protobuf and JSON of the same series make the same Series', () => {
  const registry = new SeriesTable()
  const [fromProtobuf, fromJson] = decoders.map(([, decode]) => [...decode(registry).block.series])
  assert.deepEqual(
    fromProtobuf.map((series, i) => series === fromJson[i]),
    new Array(8).fill(true)
  )
})

test('seen again, the series are the same objects, and no string is decoded', () => {
  const decoder = new OtlpMetricsDecoder(new SeriesTable())
  const first = decoder.decode(protobuf(), RECEIVED_AT).block
  const second = decoder.decode(protobuf(), RECEIVED_AT).block
  for (let i = 0; i < first.length; i++) assert.ok(first.series.at(i) === second.series.at(i))
  assert.deepEqual(numbers(second), numbers(first))
})

test('a cache that cannot hold them, and hashes that all collide, change nothing', () => {
  const registry = new SeriesTable()
  const want = new OtlpMetricsDecoder(registry).decode(protobuf(), RECEIVED_AT).block
  for (const options of [{}, { hash: () => 1 }]) {
    const decoder = new OtlpMetricsDecoder(registry, options)
    for (let i = 0; i < 3; i++) {
      const { block } = decoder.decode(protobuf(), RECEIVED_AT)
      assert.ok([...block.series].every((series, at) => series === want.series.at(at)))
    }
  }
})

test("OpenTelemetry's own example", { skip: !existsSync(EXAMPLE) && `${EXAMPLE.pathname} is not there` }, () => {
  const { block } = decodeMetricsJson(readFileSync(EXAMPLE), new SeriesTable(), RECEIVED_AT)
  assert.deepEqual(
    [...block.series].map(({ metric, attributes }) => [
      metric.name,
      metric.kind,
      ...attributes.map(a => attributeText(a[1]))
    ]),
    [
      ['my.counter', 'counter', 'some value'],
      ['my.gauge', 'gauge', 'some value'],
      ['my.histogram', 'histogram', 'some value'],
      ['my.exponential.histogram', 'exponential_histogram', 'some value']
    ]
  )
  assert.deepEqual([...block.value], [5, 10, 2, 10])
  assert.deepEqual([...block.start], [1_544_712_660_300, 0, 1_544_712_660_300, 1_544_712_660_300])
  assert.deepEqual(block.series.at(0).scope.attributes, [['my.scope.attribute', 'some scope attribute']])
})

const numbers = ({ time, start, value, flags }: PointBlock) => [time, start, value, flags].map(column => [...column])
