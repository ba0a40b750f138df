import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleTotal } from '../../../core/promql/engine/sample-budget.ts'
import { Labels } from '../../../core/promql/labels.ts'
import { QueryError, TooMuchError } from '../../../core/promql/query-error.ts'
import { rangeInParts } from '../../../core/queries/range-in-parts.ts'
import type { Extent } from '../../../core/queries/result-cache.ts'

const LABELS = Labels.of([['job', 'a']])
const RANGE = { start: 1000, end: 100_500, stepMs: 1000 }

/** Evaluates parts of so many steps at most; each value is its time. */
function evaluator(mostSteps: number) {
  const asked: [start: number, end: number][] = []
  const evaluate = async (start: number, end: number): Promise<Extent> => {
    asked.push([start, end])
    const steps = Math.floor((end - start) / 1000) + 1
    if (steps > mostSteps) throw new TooMuchError('too many samples')
    const times = Float64Array.from({ length: steps }, (_, i) => start + i * 1000)
    return {
      start,
      end,
      stepMs: 1000,
      series: [{ labels: LABELS, times, values: times, histograms: undefined }],
      warnings: [],
      infos: []
    }
  }
  return { asked, evaluate }
}

const run = (mostSteps: number, maxSamples = 1000) => {
  const { asked, evaluate } = evaluator(mostSteps)
  const total = new SampleTotal(maxSamples)
  return { asked, total, extent: rangeInParts(RANGE, evaluate, { maxSeries: 10, maxSamples }, total) }
}

test('a range that is not too much is evaluated at once', async () => {
  const { asked, extent } = run(100)
  assert.equal((await extent).series[0].times.length, 100)
  assert.deepEqual(asked, [[1000, 100_000]])
})

test('a range that is too much is evaluated in parts, and each step once', async () => {
  const { asked, total, extent } = run(30)
  const { series, start, end } = await extent
  assert.deepEqual([start, end], [1000, 100_000])
  assert.deepEqual(
    [...series[0].values],
    Array.from({ length: 100 }, (_, i) => 1000 + i * 1000)
  )
  assert.deepEqual(asked, [
    [1000, 100_000],
    [1000, 25_000],
    [26_000, 50_000],
    [51_000, 75_000],
    [76_000, 100_000]
  ])
  // Nothing is held any more.
  total.add(1000)
})

test('parts get shorter until they are not too much, and the last one may be shorter', async () => {
  const { asked, extent } = run(9)
  assert.equal((await extent).series[0].times.length, 100)
  assert.deepEqual(asked.slice(0, 4), [
    [1000, 100_000],
    [1000, 25_000],
    [1000, 7000],
    [8000, 14_000]
  ])
  assert.deepEqual(asked.at(-1), [99_000, 100_000])
})

test('the shortest parts may be too much too', async () => {
  const { asked, extent } = run(1)
  await assert.rejects(extent, { kind: 'execution', message: 'too many samples' })
  assert.deepEqual(asked.at(-1), [1000, 2000])
})

test('all results together may be too many, which the first part tells', async () => {
  const { asked, extent } = run(30, 99)
  await assert.rejects(extent, { kind: 'execution', message: /more than 99 samples in memory/ })
  assert.deepEqual(asked, [])
  const { evaluate, asked: parts } = evaluator(30)
  const twoSeries = async (start: number, end: number) => {
    const extent = await evaluate(start, end)
    return { ...extent, series: [extent.series[0], { ...extent.series[0], labels: Labels.NONE }] }
  }
  const limits = { maxSeries: 10, maxSamples: 199 }
  await assert.rejects(rangeInParts(RANGE, twoSeries, limits, new SampleTotal(1000)), /more than 199 samples in memory/)
  assert.equal(parts.length, 2)
})

test('other errors are those of the query', async () => {
  const evaluate = async () => Promise.reject(new QueryError('execution', 'it is wrong'))
  const asked = rangeInParts(RANGE, evaluate, { maxSeries: 10, maxSamples: 1000 }, new SampleTotal(1000))
  await assert.rejects(asked, { message: 'it is wrong' })
})
