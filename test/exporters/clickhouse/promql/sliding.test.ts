import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fold, slidingFolds } from '../../../../exporters/clickhouse/promql/sliding.ts'

const FOLDS: Record<Fold, (values: readonly number[]) => number> = {
  sum: values => values.reduce((sum, value) => sum + value, 0),
  min: values => Math.min(...values),
  max: values => Math.max(...values)
}
const VALUES = Float64Array.from({ length: 37 }, (_, i) => (i * 7919) % 23)

for (const [fold, ofWindow] of Object.entries(FOLDS))
  test(`each window has the ${fold} of its values`, () => {
    for (const width of [1, 2, 5, 12, 37])
      for (const stride of [1, 2, 7]) {
        const want: number[] = []
        for (let from = 0; from + width <= VALUES.length; from += stride)
          want.push(ofWindow([...VALUES.subarray(from, from + width)]))
        assert.deepEqual([...slidingFolds(VALUES, width, stride, fold as Fold)], want, `${width} by ${stride}`)
      }
  })
