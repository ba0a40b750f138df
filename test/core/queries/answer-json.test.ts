import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../../../core/promql/labels.ts'
import { resultJson, valueText } from '../../../core/queries/answer-json.ts'

test('values are written as Prometheus writes them', () => {
  const texts: readonly (readonly [number, string])[] = [
    [0, '0'],
    [-0, '-0'],
    [0.1, '0.1'],
    [-1234.5, '-1234.5'],
    [1e-6, '0.000001'],
    [9.5e-7, '9.5e-07'],
    [-1e-7, '-1e-07'],
    [1e-10, '1e-10'],
    [5e-324, '5e-324'],
    [999999999999999900000, '999999999999999900000'],
    [1e21, '1e+21'],
    [-1.5e300, '-1.5e+300'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
    [Number.NaN, 'NaN']
  ]
  for (const [value, text] of texts) assert.equal(valueText(value), text)
})

test('each series of a matrix has its own times', () => {
  const seriesAt = (job: string, ...times: number[]) => ({
    labels: Labels.of([['job', job]]),
    times: Float64Array.from(times),
    values: Float64Array.from(times, (_, i) => i + 0.5),
    histograms: undefined
  })
  const series = [seriesAt('a', 1000, 2500), seriesAt('b', 1000, 2500), seriesAt('c', 1000, 3000), seriesAt('d')]
  assert.deepEqual(JSON.parse(resultJson({ type: 'matrix', series })), {
    resultType: 'matrix',
    result: [
      {
        metric: { job: 'a' },
        values: [
          [1, '0.5'],
          [2.5, '1.5']
        ]
      },
      {
        metric: { job: 'b' },
        values: [
          [1, '0.5'],
          [2.5, '1.5']
        ]
      },
      {
        metric: { job: 'c' },
        values: [
          [1, '0.5'],
          [3, '1.5']
        ]
      },
      { metric: { job: 'd' } }
    ]
  })
})
