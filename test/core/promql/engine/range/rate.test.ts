import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MemoryStore } from '../../../../../core/promql/memory-store.ts'
import { ask, labelsOf } from '../ask.ts'

const SECOND = 1000
/** Samples by their times, rising. */
type Samples = readonly (readonly [time: number, value: number])[]

const samples: fc.Arbitrary<Samples> = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 0, max: 20 })), {
    selector: ([time]) => time,
    maxLength: 60
  })
  .map(list => list.toSorted(([a], [b]) => a - b).map(([time, value]) => [time * SECOND, value] as const))

/** Straight from the documentation: resets are added up, and the slope goes on to the edges of the range. */
function increaseOf(all: Samples, until: number, rangeMs: number): number | undefined {
  const inside = all.filter(([time]) => time > until - rangeMs && time <= until)
  if (inside.length < 2) return undefined
  let increase = 0
  for (let i = 1; i < inside.length; i++) {
    const step = inside[i]![1] - inside[i - 1]![1]
    increase += step < 0 ? inside[i]![1] : step
  }
  const first = inside[0]!
  const last = inside.at(-1)!
  const sampled = last[0] - first[0]
  const distance = sampled / (inside.length - 1)
  const reach = (gap: number) => (gap < 1.1 * distance ? gap : distance / 2)
  const toZero = increase > 0 ? (sampled * first[1]) / increase : Infinity
  const before = Math.min(reach(first[0] - (until - rangeMs)), toZero)
  return (increase * (sampled + before + reach(until - last[0]))) / sampled
}

test('increase over all windows of random counters is what its definition says', async () => {
  await fc.assert(
    fc.asyncProperty(
      samples,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 200 }),
      async (all, step, range) => {
        const store = new MemoryStore()
        for (const [time, value] of all) store.append(labelsOf('m_total'), time, value)
        const when = { start: 0, end: 650 * SECOND, stepMs: step * SECOND }
        const { value } = await ask(`increase(m_total[${range}s])`, store, when)
        assert.ok(value.type === 'matrix')
        const seen = new Map(
          value.series.flatMap(({ times, values }) => Array.from(times, (time, i) => [time, values[i]!]))
        )
        for (let time = 0; time <= when.end; time += when.stepMs) {
          const want = increaseOf(all, time, range * SECOND)
          const got = seen.get(time)
          if (want === undefined) assert.equal(got, undefined)
          else
            assert.ok(
              got !== undefined && Math.abs(got - want) <= 1e-9 * Math.max(1, want),
              `${got} at ${time}, not ${want}`
            )
        }
      }
    ),
    { numRuns: 60 }
  )
})

test('the left edge of a range is out, the right one is in', async () => {
  const store = new MemoryStore()
  for (const time of [0, 60, 120]) store.append(labelsOf('m'), time * SECOND, time)
  const { value } = await ask('count_over_time(m[60s])', store, 120 * SECOND)
  assert.equal(value.type === 'vector' && value.samples[0]!.value, 1)
})

test('a stale marker ends a series, and is no sample of a range', async () => {
  const store = new MemoryStore()
  for (const [time, sample] of [
    [0, 1],
    [60, 2],
    [120, 'stale'],
    [180, 4]
  ] as const)
    store.append(labelsOf('m'), time * SECOND, sample)
  const counts = await ask('count_over_time(m[5m])', store, { start: 0, end: 180 * SECOND, stepMs: 60 * SECOND })
  assert.deepEqual(counts.value.type === 'matrix' && Array.from(counts.value.series[0]!.values), [1, 2, 2, 3])
  const values = await ask('m', store, { start: 0, end: 180 * SECOND, stepMs: 60 * SECOND })
  assert.deepEqual(values.value.type === 'matrix' && Array.from(values.value.series[0]!.times), [0, 60_000, 180_000])
})
