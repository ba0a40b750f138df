import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DistinctCounter } from '../../../core/model/sketch/distinct-counter.ts'
import { distinctSketch } from '../../../core/model/sketch/distinct-sketch.ts'
import { ExponentialCounts } from '../../../core/model/sketch/exponential-counts.ts'
import type { Distribution, ExponentialHistogram, Histogram } from '../../../sdk/plugin/index.ts'
import { Harness, type Output, type TestPoint } from './harness.ts'

// Each tier against what its interval alone would hold, had it been made of the points themselves.
const TIERS: Readonly<Record<string, number>> = { '1s': 1, '10s': 10, '1m': 60 }
const CONFIG = { tiers: Object.keys(TIERS).map(size => ({ size })) }
const END_S = 130
const RUNS = { numRuns: 40 }

interface Sample {
  readonly at: number
  readonly value: number
}
const sample: fc.Arbitrary<Sample> = fc.record({
  at: fc.integer({ min: 0, max: 1199 }).map(tenths => tenths / 10),
  value: fc.integer({ min: -50, max: 50 })
})
const samples = fc.array(sample, { minLength: 1, maxLength: 60 })

/** In order of time, with a restart now and then; everything is out at the end. */
async function run(all: readonly Sample[], point: (sample: Sample) => TestPoint): Promise<Harness> {
  const rollup = await new Harness(CONFIG).start()
  let restarts = 0
  for (const one of all.toSorted((a, b) => a.at - b.at)) {
    rollup.advanceTo(one.at)
    if (one.at > (restarts + 1) * 35) {
      restarts++
      await rollup.restart()
    }
    assert.equal(await rollup.send([point(one)]), 'acked')
  }
  rollup.advanceTo(END_S + 60)
  rollup.assertBalanced()
  return rollup
}

/** Calls `check` with each interval of each tier that holds something, and what came out of it. */
function eachInterval(
  rollup: Harness,
  all: readonly Sample[],
  check: (own: readonly Sample[], of: (name: string) => Output) => void
): void {
  for (const [tier, seconds] of Object.entries(TIERS)) {
    const intervals = Map.groupBy(all, ({ at }) => Math.floor(at / seconds) * seconds)
    for (const [start, own] of intervals) {
      check(own, name => {
        const found = rollup.of(tier, name).filter(output => output.start === start)
        assert.equal(found.length, 1, `${name} of ${tier} at ${start}`)
        assert.equal(found[0].end, start + seconds)
        return found[0]
      })
    }
  }
}

test('gauges: number, sum, least, greatest and last of the samples', async () => {
  await fc.assert(
    fc.asyncProperty(samples, async all => {
      const metric = { name: 'queue', kind: 'gauge', temporality: 'unspecified' } as const
      const rollup = await run(all, ({ at, value }) => ({ at, value, metric }))
      eachInterval(rollup, all, (own, of) => {
        const values = own.map(({ value }) => value)
        assert.equal(of('queue.count').value, values.length)
        assert.equal(
          of('queue.sum').value,
          values.reduce((a, b) => a + b, 0)
        )
        assert.equal(of('queue.min').value, Math.min(...values))
        assert.equal(of('queue.max').value, Math.max(...values))
        const latest = Math.max(...own.map(({ at }) => at))
        assert.equal(of('queue').value, Math.max(...own.filter(({ at }) => at === latest).map(({ value }) => value)))
      })
    }),
    RUNS
  )
})

test('histograms: buckets, count, sum, least and greatest', async () => {
  await fc.assert(
    fc.asyncProperty(samples, async all => {
      const distribution = ({ value }: Sample): Distribution => ({
        kind: 'histogram',
        count: 1,
        sum: value,
        min: value,
        max: value,
        bounds: [-10, 0, 10],
        counts: [value <= -10, value > -10 && value <= 0, value > 0 && value <= 10, value > 10].map(Number)
      })
      const metric = { name: 'size', kind: 'histogram' } as const
      const rollup = await run(all, one => ({ at: one.at, metric, distribution: distribution(one) }))
      eachInterval(rollup, all, (own, of) => {
        const values = own.map(({ value }) => value)
        const { count, sum, min, max, counts } = of('size').distribution as Histogram
        assert.deepEqual([count, min, max], [own.length, Math.min(...values), Math.max(...values)])
        assert.equal(
          sum,
          values.reduce((a, b) => a + b, 0)
        )
        const of4 = [0, 1, 2, 3].map(i => own.filter(one => (distribution(one) as Histogram).counts[i] === 1).length)
        assert.deepEqual(counts, of4)
      })
    }),
    RUNS
  )
})

test('timers: the buckets are those that all observations at once make', async () => {
  await fc.assert(
    fc.asyncProperty(samples, async all => {
      const metric = { name: 'latency', kind: 'histogram' } as const
      const rollup = await run(all, ({ at, value }) => {
        const parts = { count: 1, sum: value, min: value, max: value, bounds: [], counts: [] }
        return { at, metric, distribution: { kind: 'histogram', ...parts } }
      })
      eachInterval(rollup, all, (own, of) => {
        const direct = new ExponentialCounts()
        for (const { value } of own) direct.addValue(value, 1)
        const { scale, zeroCount, zeroThreshold, positive, negative } = of('latency')
          .distribution as ExponentialHistogram
        assert.deepEqual({ scale, zeroCount, zeroThreshold, positive, negative }, direct.shape())
      })
    }),
    RUNS
  )
})

test('sets: the sketch is that of all members at once, bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(samples, async all => {
      const membersOf = ({ at, value }: Sample) =>
        Array.from({ length: 20 }, (_, i) => `${value} ${i} ${Math.floor(at / 7)}`)
      const metric = { name: 'users', kind: 'set' } as const
      const rollup = await run(all, one => ({
        at: one.at,
        metric,
        distribution: { kind: 'set', members: membersOf(one) }
      }))
      eachInterval(rollup, all, (own, of) => {
        const direct = new DistinctCounter()
        for (const one of own) for (const member of membersOf(one)) direct.add(member)
        assert.deepEqual(of('users.unique').distribution, distinctSketch(direct))
      })
    }),
    RUNS
  )
})
