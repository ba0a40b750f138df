import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadInputError } from '../../../../core/errors.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { decodeMetricsJson } from '../../../../core/wire/otlp/json-decoder.ts'

const decode = (body: string) => decodeMetricsJson(Buffer.from(body), new SeriesTable(), 0)
const inPoint = (fields: object) => inMetric({ name: 'm', gauge: { dataPoints: [{ asInt: 1 }, fields] } })
const inMetric = (metric: object) => JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] })
const METRIC = '$.resourceMetrics[0].scopeMetrics[0].metrics[0]'

test('errors name the place and the fault', () => {
  for (const [body, want] of [
    ['[]', 'JSON: $ must be an object, not []'],
    ['{"resourceMetrics":{}}', 'JSON: $.resourceMetrics must be a list, not {}'],
    ['{"resourceMetrics":[3]}', 'JSON: $.resourceMetrics[0] must be an object, not 3'],
    [inMetric({ name: 7 }), `JSON: ${METRIC}.name must be a string, not 7`],
    [
      inPoint({ asInt: 1.5 }),
      `JSON: ${METRIC}.gauge.dataPoints[1].asInt must be an integer, as a number or a string, not 1.5`
    ],
    [inPoint({ asDouble: 'x' }), `JSON: ${METRIC}.gauge.dataPoints[1].asDouble must be a number, not "x"`],
    [
      inPoint({ timeUnixNano: -1 }),
      `JSON: ${METRIC}.gauge.dataPoints[1].timeUnixNano must be an integer from 0 to 2^64, not -1`
    ],
    [
      inMetric({ name: 'm', sum: { aggregationTemporality: 'AGGREGATION_TEMPORALITY_DELTA' } }),
      `JSON: ${METRIC}.sum.aggregationTemporality must be an integer, as a number or a string, not "AGGREGATION_TEMPORALITY_DELTA"`
    ],
    [
      inMetric({ name: 'm', histogram: { aggregationTemporality: 1, dataPoints: [{ bucketCounts: [1, 'y'] }] } }),
      `JSON: ${METRIC}.histogram.dataPoints[0].bucketCounts[1] must be an integer, as a number or a string, not "y"`
    ]
  ])
    assert.throws(() => decode(body), new BadInputError(want))
  assert.throws(() => decode('{"resourceMetrics":'), {
    name: 'BadInputError',
    message: /^not JSON: it ends at character 19/
  })
})

test('absent, null and unknown', () => {
  const body = { resourceMetrics: null, resource_metrics: [{}], other: 1 }
  assert.equal(decode(JSON.stringify(body)).block.length, 0)
  const point = { asDouble: '-Infinity', asInt: null, attributes: null, timeUnixNano: null, exemplars: [{ any: 1 }] }
  assert.deepEqual([...decode(inPoint(point)).block.value], [1, Number.NEGATIVE_INFINITY])
})

test('regression: numbers that are none, and integers beyond their range, were taken', () => {
  const refused = (fields: object, want: RegExp) => assert.throws(() => decode(inPoint(fields)), want)
  for (const asDouble of ['0x10', ' 1', '1_0', '', '1e', 'infinity', '9'.repeat(2000)])
    refused({ asDouble }, /asDouble must be a number, not "/)
  for (const asInt of ['9223372036854775808', '-9223372036854775809', 1e300, '1'.repeat(100_000)])
    refused({ asInt }, /asInt must be an integer of 64 bits, not /)
  refused({ asInt: 1, flags: 2 ** 32 }, /flags must be an integer from 0 to 2\^32/)
  refused({ asInt: 1, timeUnixNano: '18446744073709551616' }, /timeUnixNano must be an integer from 0 to 2\^64/)
  const taken = ['-9223372036854775808', '9223372036854775807', '-1', '00012']
  for (const asInt of taken) assert.equal(decode(inPoint({ asInt })).block.value[1], Number(asInt))
  for (const asDouble of ['1e3', '.5', '5.', '+1', '-Infinity', 'NaN'])
    assert.equal(decode(inPoint({ asDouble })).block.value[1], Number(asDouble))
})

test('null for a number that is none costs its point alone', () => {
  const points = [{ asDouble: null }, { asDouble: 2 }]
  const { block, rejections } = decode(inMetric({ name: 'm', gauge: { dataPoints: points } }))
  assert.deepEqual([[...block.value], [...rejections.items]], [[2], [['no_value', 1]]])
  const histograms = [
    { explicitBounds: [null], bucketCounts: [1, 1], count: 2 },
    { explicitBounds: [1, null], bucketCounts: [1, 1, 0], count: 2 },
    { explicitBounds: [1], bucketCounts: [1, 1], count: 2, sum: null }
  ]
  const decoded = decode(inMetric({ name: 'm', histogram: { aggregationTemporality: 1, dataPoints: histograms } }))
  assert.deepEqual([[...decoded.block.value], [...decoded.rejections.items]], [[Number.NaN], [['unordered_bounds', 2]]])
})

test('regression: bytes that are not base64 were taken, as no bytes or as others', () => {
  const point = (bytesValue: string) => inPoint({ asInt: 1, attributes: [{ key: 'b', value: { bytesValue } }] })
  const bytesOf = (text: string) => new Map(decode(point(text)).block.series.at(1).attributes).get('b')
  for (const text of ['!', 'AQL*', 'A', 'AQIDB', 'AQ L', 'AQ==x', '=', 'AQ==='])
    assert.throws(
      () => decode(point(text)),
      new BadInputError(
        `JSON: ${METRIC}.gauge.dataPoints[1].attributes[0].value.bytesValue must be a base64 string, not ${JSON.stringify(text)}`
      )
    )
  for (const [text, bytes] of [
    ['', []],
    ['AQL/', [1, 2, 255]],
    ['AQL_', [1, 2, 255]],
    ['AQ==', [1]],
    ['AQ', [1]]
  ] as const)
    assert.deepEqual(bytesOf(text), Uint8Array.from(bytes))
})
