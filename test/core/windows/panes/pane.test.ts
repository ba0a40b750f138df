import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { USUAL_LIMITS } from '../../../../core/model/sketch/exponential-counts.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import { Pane } from '../../../../core/windows/panes/pane.ts'

const SHARDS = 10
/** Whole numbers, whose sums are exact. */
const item = fc.record({
  slot: fc.nat(20),
  time: fc.nat(5),
  value: fc.integer({ min: -1000, max: 1000 }),
  member: fc.nat(700)
})

it('ten panes merged are the pane that had everything, in whatever order', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 500 }), items => {
      const whole = new Pane(USUAL_LIMITS)
      const shards = Array.from({ length: SHARDS }, () => new Pane(USUAL_LIMITS))
      for (const [i, one] of items.entries()) {
        put(whole, one)
        put(shards[(i * 7) % SHARDS], one)
      }
      const merged = new Pane(USUAL_LIMITS)
      for (const shard of shards.toReversed()) merged.addAll(shard)
      assert.deepEqual(contents(merged), contents(whole))
    }),
    { numRuns: 100 }
  )
})

it('comes back from what was saved', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 200 }), items => {
      const pane = new Pane(USUAL_LIMITS)
      for (const one of items) put(pane, one)
      assert.deepEqual(contents(Pane.from(structuredClone(runThrough(pane.save())), USUAL_LIMITS)), contents(pane))
    }),
    { numRuns: 100 }
  )
})

function put(pane: Pane, { slot, time, value, member }: { slot: number; time: number; value: number; member: number }) {
  const at = pane.place(slot)
  pane.sums[at] += value
  pane.counts[at]++
  pane.extend(at, value, value)
  pane.setLast(at, time, value)
  pane.distinctOf(slot).add(`user-${member}`)
  pane.histogramOf(slot).addValue(value)
}

/** What it holds, by slot. */
function contents(pane: Pane): unknown {
  const { slots, sums, counts, extremes, latest } = runThrough(pane.save())
  const rows = [...slots].map((slot, i) => ({
    slot,
    sum: sums[i],
    count: counts[i],
    min: extremes?.mins[i],
    max: extremes?.maxs[i],
    time: latest?.times[i],
    last: latest?.values[i],
    distinct: pane.distinct?.get(slot)?.save(),
    histogram: pane.histograms?.get(slot)?.save()
  }))
  return rows.sort((a, b) => a.slot - b.slot)
}
