import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import {
  addDistributions,
  countOf,
  subtractDistributions
} from '../../../processors/cardinality_limiter/additive-values.ts'
import { SpaceSaving } from '../../../processors/cardinality_limiter/space-saving.ts'
import {
  DistinctCounter,
  distinctSketch,
  type ExponentialHistogram,
  type Histogram
} from '../../../sdk/plugin/index.ts'

/** Built from its observations, so that sums of histograms can be held against histograms of sums. */
function exponential(values: readonly number[], scale: number): ExponentialHistogram {
  const base = 2 ** (2 ** -scale)
  const indexes = values.map(value => Math.ceil(Math.log(value) / Math.log(base) - 1e-9) - 1)
  const offset = values.length === 0 ? 0 : Math.min(...indexes)
  const counts = new Array<number>(values.length === 0 ? 0 : Math.max(...indexes) - offset + 1).fill(0)
  for (const index of indexes) counts[index - offset]++
  return {
    kind: 'exponential_histogram',
    count: values.length,
    sum: values.reduce((a, b) => a + b, 0),
    min: Math.min(...values),
    max: Math.max(...values),
    scale,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: { offset, counts },
    negative: { offset: 0, counts: [] }
  }
}

function histogram(values: readonly number[], bounds: readonly number[]): Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0)
  for (const value of values) counts[bounds.filter(bound => bound < value).length]++
  const sum = values.reduce((a, b) => a + b, 0)
  return {
    kind: 'histogram',
    count: values.length,
    sum,
    min: Math.min(...values),
    max: Math.max(...values),
    bounds,
    counts
  }
}

// Powers of two and a half lie in the middle of buckets of scale 0 and coarser.
const observations = fc.array(
  fc.integer({ min: -8, max: 8 }).map(power => 1.5 * 2 ** power),
  { minLength: 1, maxLength: 20 }
)
const ofBuckets = ({ positive, scale, count }: ExponentialHistogram) => {
  const first = positive.counts.findIndex(one => one > 0)
  return {
    scale,
    count,
    first: positive.offset + first,
    counts: positive.counts
      .slice(first)
      .join()
      .replace(/(,0)+$/, '')
  }
}

it('exponential histograms of any scales add to the histogram of all observations at the coarser one', () => {
  const scale = fc.integer({ min: -2, max: 0 })
  fc.assert(
    fc.property(observations, observations, scale, scale, (a, b, scaleA, scaleB) => {
      const sum = addDistributions(exponential(a, scaleA), exponential(b, scaleB)) as ExponentialHistogram
      const want = exponential([...a, ...b], Math.min(scaleA, scaleB))
      assert.deepEqual(ofBuckets(sum), ofBuckets(want))
      assert.deepEqual([sum.min, sum.max], [want.min, want.max])
      const rest = subtractDistributions(sum, exponential(b, scaleB)) as ExponentialHistogram
      assert.deepEqual(ofBuckets(rest), ofBuckets(exponential(a, sum.scale)))
    })
  )
})

it('exponential histograms far apart become coarser, and lose no observation', () => {
  const sum = addDistributions(exponential([1e-9], 8), exponential([1e9], 8)) as ExponentialHistogram
  assert.ok(sum.positive.counts.length <= 320 && sum.scale < 8)
  assert.equal(
    sum.positive.counts.reduce((a, b) => a + b, 0),
    2
  )
})

it('histograms of any bounds add to the histogram of all observations by the bounds in common', () => {
  const bounds = fc.uniqueArray(fc.constantFrom(0.01, 0.1, 1, 10, 100)).map(all => all.sort((a, b) => a - b))
  fc.assert(
    fc.property(observations, observations, bounds, bounds, (a, b, boundsA, boundsB) => {
      const sum = addDistributions(histogram(a, boundsA), histogram(b, boundsB)) as Histogram
      const common = boundsA.filter(bound => boundsB.includes(bound))
      const want = histogram([...a, ...b], common)
      assert.deepEqual([sum.bounds, sum.counts, sum.count], [want.bounds, want.counts, want.count])
    })
  )
})

it('a histogram without buckets leaves count and sum; sets are united', () => {
  const plain: Histogram = { ...histogram([1, 2], []), counts: [] }
  const sum = addDistributions(plain, histogram([3], [1])) as Histogram
  assert.deepEqual([sum.count, sum.sum, sum.bounds, sum.counts], [3, 6, [], []])
  const set = addDistributions({ kind: 'set', members: ['a', 'b'] }, { kind: 'set', members: ['b', 'c'] })
  assert.equal(countOf(set), 3)
})

it('sets and sketches of them are united as sketches', () => {
  const sketch = (...members: string[]) => {
    const counter = new DistinctCounter()
    for (const member of members) counter.add(member)
    return distinctSketch(counter)
  }
  const want = sketch('a', 'b', 'c')
  assert.deepEqual(addDistributions(sketch('a', 'b'), sketch('c', 'b')), want)
  assert.deepEqual(addDistributions({ kind: 'set', members: ['c', 'a'] }, sketch('b')), want)
  assert.equal(countOf(want), 3)
})

it('Space-Saving: no count is too low, none higher than its error says, and every frequent key is there', () => {
  const CAPACITY = 10
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 500 }), stream => {
      const counted = new SpaceSaving<undefined>(CAPACITY)
      const exact = new Map<string, number>()
      for (const n of stream) {
        counted.add(`${n}`, undefined)
        exact.set(`${n}`, (exact.get(`${n}`) ?? 0) + 1)
      }
      const all = new Map([...counted.all()].map(one => [one.key, one]))
      assert.equal(all.size, Math.min(CAPACITY, exact.size))
      for (const { key, count, error } of all.values()) {
        assert.ok(count >= exact.get(key)! && count - error <= exact.get(key)!)
      }
      for (const [key, count] of exact) assert.ok(count <= stream.length / CAPACITY || all.has(key))
      const restored = new SpaceSaving<undefined>(CAPACITY)
      restored.reset(counted.all())
      assert.deepEqual([...restored.all()], [...counted.all()])
    })
  )
})
