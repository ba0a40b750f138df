import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { restoreBlock, saveBlock } from '../../../core/model/saved-blocks.ts'
import { Harness, type Output, type TestPoint } from './harness.ts'

const END_S = 130
const LARGE = ['10s', '1m']

const sample = fc.record({
  at: fc.integer({ min: 0, max: 1199 }).map(tenths => tenths / 10),
  value: fc.integer({ min: 0, max: 50 })
})

/** One of each kind that merges, at one time. */
function points({ at, value }: { at: number; value: number }): TestPoint[] {
  const parts = { count: 1, sum: value, min: value, max: value, bounds: [], counts: [] }
  return [
    { at, value },
    { at, metric: { name: 'latency', kind: 'histogram' }, distribution: { kind: 'histogram', ...parts } },
    { at, metric: { name: 'users', kind: 'set' }, distribution: { kind: 'set', members: [`${value}`] } }
  ]
}

/** Without what only says how it came about. */
const plain = (outputs: readonly Output[]) =>
  outputs
    .filter(({ tier }) => LARGE.includes(tier))
    .map(({ name, tier, start, end, value, distribution }) => [
      `${tier} ${start} ${name}`,
      { end, value, distribution }
    ])
    .toSorted(([a], [b]) => (a < b ? -1 : 1))

test('rolled up in two steps, as by two Weirs, it is as in one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(sample, { minLength: 1, maxLength: 40 }), async all => {
      const one = await new Harness({ tiers: ['1s', ...LARGE].map(size => ({ size })) }).start()
      const first = await new Harness({ tiers: [{ size: '1s' }] }).start()
      // What the first has waited for is late for the second.
      const larger = { tiers: LARGE.map(size => ({ size })), without: ['rollup'], allowed_lateness: '10s' }
      const second = await new Harness(larger).start()
      let forwarded = 0
      const advanceTo = (seconds: number) => {
        one.advanceTo(seconds)
        first.advanceTo(seconds)
        for (; forwarded < first.blocks.length; forwarded++) {
          const block = restoreBlock(saveBlock(first.blocks[forwarded]), second.context.series)
          void second.sendBlock(block)
        }
        second.advanceTo(seconds)
      }
      for (const next of all.toSorted((a, b) => a.at - b.at)) {
        advanceTo(next.at)
        void one.send(points(next))
        void first.send(points(next))
      }
      for (let seconds = 0; seconds <= END_S + 120; seconds += 1) advanceTo(seconds)
      assert.deepEqual(plain(second.outputs), plain(one.outputs))
      second.assertBalanced()
    }),
    { numRuns: 30 }
  )
})
