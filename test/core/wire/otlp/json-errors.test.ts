import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadInputError } from '../../../../core/errors.ts'
import { SeriesRegistry } from '../../../../core/model/series.ts'
import { decodeMetricsJson } from '../../../../core/wire/otlp/json-decoder.ts'

const decode = (body: string) => decodeMetricsJson(Buffer.from(body), new SeriesRegistry(), 0)
const inPoint = (fields: object) => inMetric({ name: 'm', gauge: { dataPoints: [{ asInt: 1 }, fields] } })
const inMetric = (metric: object) => JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] })
const METRIC = '$.resourceMetrics[0].scopeMetrics[0].metrics[0]'

test('errors say where and what', () => {
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
  assert.throws(() => decode('{"resourceMetrics":'), { name: 'BadInputError', message: /^not JSON: .*JSON/ })
})

test('absent, null and unknown', () => {
  const body = { resourceMetrics: null, resource_metrics: [{}], other: 1 }
  assert.equal(decode(JSON.stringify(body)).block.length, 0)
  const point = { asDouble: '-Infinity', asInt: null, attributes: null, timeUnixNano: null, exemplars: [{ any: 1 }] }
  assert.deepEqual([...decode(inPoint(point)).block.value], [1, Number.NEGATIVE_INFINITY])
})
