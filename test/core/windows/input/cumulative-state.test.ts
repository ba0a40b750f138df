import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { observation } from '../../../../core/model/distribution.ts'
import { FirstPoints } from '../../../../core/model/first-points.ts'
import type { Metric, Resource } from '../../../../core/model/series.ts'
import { type Series, SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import { type CumulativePoint, CumulativeState } from '../../../../core/windows/input/cumulative-state.ts'

const METRIC: Metric = { name: 'requests', unit: '', description: '', kind: 'counter', temporality: 'cumulative' }
const SINCE = 50

const registry = new SeriesTable()
const resources = ['x', 'y'].map(pod => ({ attributes: [['pod', pod]] as const, schemaUrl: '' }))
const series = ['a', 'b', 'c'].map((host, i) => registry.intern(METRIC, [['host', host]], resources[i % 2]))

const point = fc.record({
  kind: fc.constant('point' as const),
  series: fc.constantFrom(...series),
  start: fc.constantFrom(0, 40, 60, 70),
  time: fc.nat(200),
  sum: fc.nat(20),
  count: fc.nat(5),
  hasHistogram: fc.boolean()
})
const expire = fc.record({ kind: fc.constant('expire' as const), time: fc.nat(200) })
const restart = fc.record({ kind: fc.constant('restart' as const) })

interface Model {
  /** What the last point of each writer of a series was, by its start. */
  readonly writers: Map<Series, Map<number, CumulativePoint>>
  /** The latest start of writers that have expired. */
  readonly expired: Map<Resource, number>
}

describe('CumulativeState', () => {
  it('knows the last point of each writer, through evictions and restarts', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 5, arbitrary: point }, expire, restart), { maxLength: 80 }), steps => {
        const firstPoints = new FirstPoints(SINCE)
        let points = new CumulativeState(registry, firstPoints)
        const model: Model = { writers: new Map(), expired: new Map() }
        for (const step of steps) {
          if (step.kind === 'restart') points = restarted(points, firstPoints)
          else if (step.kind === 'expire') {
            runThrough(points.expire(step.time, () => false))
            expireIn(model, step.time)
          } else {
            const { start, time, sum, count, hasHistogram } = step
            const histogram = hasHistogram ? observation(sum, count) : undefined
            const point = { start, time, sum, count: hasHistogram ? count : 0, histogram }
            assert.deepEqual(increment(points, step.series, point), expected(model, step.series, point))
          }
        }
      }),
      { numRuns: 300 }
    )
  })

  it('keeps 64 writers of a series: the one longest silent makes room', () => {
    const { points, at } = withManyWriters()
    assert.equal(increment(points, series[0], at(60, 501)), 1, 'it sent since')
    assert.equal(increment(points, series[0], at(200, 502)), 502, 'it began after the one that made room')
  })

  it('regression: a writer that had made room for others counted from its start once more when it came back', () => {
    const { points, at } = withManyWriters()
    assert.equal(increment(points, series[0], at(61, 502)), undefined)
    assert.equal(increment(points, series[0], at(61, 505)), 3)
  })

  it('tells that a group is gone', () => {
    const points = new CumulativeState(registry, new FirstPoints(SINCE))
    const number = points.numberOf(series[0].id)
    increment(points, series[0], { start: 60, time: 100, sum: 1, count: 0, histogram: undefined })
    points.setGroup(number, 7)
    runThrough(points.expire(0, group => group === 6))
    assert.equal(points.groupOf(number), 7)
    runThrough(points.expire(0, group => group === 7))
    assert.equal(points.groupOf(number), -1)
  })
})

/** 65 writers, one of which has made room for the last. */
function withManyWriters() {
  const points = new CumulativeState(registry, new FirstPoints(SINCE))
  const at = (start: number, time: number) => ({ start, time, sum: time, count: 0, histogram: undefined })
  for (let writer = 0; writer < 64; writer++) increment(points, series[0], at(60 + writer, 200 + writer))
  increment(points, series[0], at(60, 500))
  increment(points, series[0], at(150, 500))
  return { points, at }
}

/** What it says the point adds; undefined where that cannot be told. */
function increment(points: CumulativeState, of: Series, point: CumulativePoint): number | undefined {
  const into = { slot: 0, sum: 0, count: 0, histogram: undefined }
  return points.increment(points.numberOf(of.id), point, into) ? into.sum : undefined
}

function expected(model: Model, of: Series, point: CumulativePoint): number | undefined {
  const writers = model.writers.get(of) ?? new Map<number, CumulativePoint>()
  model.writers.set(of, writers)
  const last = writers.get(point.start)
  if (last !== undefined && point.time <= last.time) return undefined
  writers.set(point.start, point)
  if (last === undefined) {
    const isKnown = point.start >= SINCE && point.start < point.time
    return isKnown && point.start > (model.expired.get(of.resource) ?? 0) ? point.sum : undefined
  }
  const isReset = point.histogram === undefined ? point.sum < last.sum : point.count < last.count
  return isReset ? point.sum : point.sum - last.sum
}

function expireIn({ writers, expired }: Model, before: number): void {
  for (const [{ resource }, ofSeries] of writers)
    for (const [start, { time }] of ofSeries) {
      if (time >= before) continue
      ofSeries.delete(start)
      expired.set(resource, Math.max(expired.get(resource) ?? 0, Math.min(start, before)))
    }
}

function restarted(points: CumulativeState, firstPoints: FirstPoints): CumulativeState {
  const fresh = new CumulativeState(registry, firstPoints)
  fresh.restore(structuredClone(runThrough(points.save())))
  return fresh
}
