import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { stddev } from '../../../../core/windows/aggregations/stddev.ts'
import { Pane } from '../../../../core/windows/panes/pane.ts'
import { durableEngine, ruleOf, settingsOf, tumbling } from '../harness.ts'
import { emitted, LAYOUT, observe, paneOf } from './harness.ts'

const values = fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { minLength: 1, maxLength: 200 })

describe('stddev', () => {
  it('is that of the whole population', () => {
    assert.deepEqual(emitted(stddev, paneOf([2, 4, 4, 4, 5, 5, 7, 9])), [2])
    assert.deepEqual(emitted(stddev, paneOf([7])), [0])
  })

  it('keeps its digits when values are large and close to each other, in one pane and over many', () => {
    const far = [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]
    assert.deepEqual(emitted(stddev, paneOf(far)), [Math.sqrt(22.5)])
    const merged = new Pane(LAYOUT)
    for (const value of far) merged.addAll(paneOf([value]))
    near(emitted(stddev, merged)[0], Math.sqrt(22.5))
  })

  it('of panes of unequal size merged in any order is that of all values', () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 20 }), parts => {
        const merged = new Pane(LAYOUT)
        for (const part of parts) merged.addAll(paneOf(part))
        near(emitted(stddev, merged)[0], exactly(parts.flat()))
      })
    )
  })

  it('of a large window is made of the small ones, as a gauge in the unit of the values', async () => {
    const rule = ruleOf({ aggregations: ['stddev'], windows: [1000, 10_000].map(tumbling), output: ['delta'] })
    const weir = await durableEngine(settingsOf(rule)).start()
    const metric = { unit: 's' }
    const points = [2, 4, 4, 4, 5, 5, 7, 9].map((value, i) => ({ at: i + 0.5, value, name: 'wait', metric }))
    await weir.send(...points, { at: 0.6, value: 4, name: 'wait', metric })
    weir.advanceTo(20)
    assert.equal(weir.of('wait.stddev{window=1s}')[1], 1)
    near(weir.of('wait.stddev{window=10s}')[10], exactly([2, 4, 4, 4, 5, 5, 7, 9, 4]))
    const [{ metric: output }] = weir.series
    assert.deepEqual([output.kind, output.unit, output.temporality], ['gauge', 's', 'unspecified'])
  })

  it('is not known of a group without single values', () => {
    const pane = paneOf([1, 2])
    observe(pane, 1, Number.NaN, { sum: 5, count: 3 })
    assert.deepEqual(emitted(stddev, pane, 1), [Number.NaN])
  })
})

/** By whole numbers alone: the square of n·σ is n·Σx² − (Σx)². */
function exactly(all: readonly number[]): number {
  const [sum, squares] = all.reduce(([a, b], x) => [a + BigInt(x), b + BigInt(x) * BigInt(x)], [0n, 0n])
  return Math.sqrt(Number(BigInt(all.length) * squares - sum * sum)) / all.length
}

function near(actual: unknown, expected: number): void {
  assert.ok(Math.abs((actual as number) - expected) <= expected * 1e-9 + 1e-9, `${actual}, not ${expected}`)
}
