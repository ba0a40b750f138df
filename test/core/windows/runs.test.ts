import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { WindowEngine } from '../../../core/windows/engine.ts'
import type { LatePolicy } from '../../../core/windows/settings.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { ruleOf, settingsOf, type TestPoint, tumbling, WindowHarness } from './harness.ts'

/** Seconds after the epoch; windows before {@link CLOSED} have closed. */
const NOW = 100
const CLOSED = 90
const FUTURE = 1000
/** After which no window is open. */
const END = 2000

const kind = fc.constantFrom<Partial<TestPoint>>(
  {},
  { start: 1 },
  { flags: 1 },
  { metric: { kind: 'counter', temporality: 'cumulative' }, start: 1 },
  { metric: { kind: 'gauge' } },
  { metric: { kind: 'up_down_counter', temporality: 'delta' } },
  { name: 'passes' }
)
/** Mostly points that add up in one window, and others between them. */
const point = fc
  .record({
    kind: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, kind),
    host: fc.nat(8),
    at: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 91, max: 99 }) }, fc.constantFrom(60, 89, 90, 100, FUTURE)),
    value: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 0, max: 9 }) }, fc.constantFrom(-1, Number.NaN))
  })
  .map(({ kind, host, at, value }): TestPoint => ({ attributes: { host: `h${host}` }, at, value, ...kind }))

async function engineOf(late: LatePolicy, maxGroups: number): Promise<WindowHarness> {
  const rules = [
    ruleOf({ match: { name: 'requests' }, windows: [tumbling(10_000)], late, maxGroups }),
    ruleOf({ match: { name: 'requests' }, windows: [tumbling(5000)], by: [], late })
  ]
  const context = testContext('windows')
  const engine = new WindowHarness(() => new WindowEngine(settingsOf(...rules), context), context)
  engine.advanceTo(CLOSED)
  await engine.start()
  await engine.send({ at: CLOSED - 1, attributes: { host: 'first' } })
  engine.advanceTo(NOW)
  return engine
}

it('points of one block count as one by one, whatever is between them', async () => {
  const late = fc.constantFrom<LatePolicy>('add', 'drop', 'amend', 'side_output')
  await fc.assert(
    fc.asyncProperty(
      fc.array(point, { maxLength: 60 }),
      late,
      fc.constantFrom(4, 1000),
      async (points, late, groups) => {
        const [whole, single] = [await engineOf(late, groups), await engineOf(late, groups)]
        await whole.send(...points)
        for (const one of points) await single.send(one)
        for (const engine of [whole, single]) for (const seconds of [NOW + 20, END]) engine.advanceTo(seconds)
        assert.deepEqual(whole.dropped, single.dropped)
        assert.deepEqual(told(whole), told(single))
      }
    ),
    { numRuns: 200 }
  )
})

/** All that came out, in its order. */
const told = ({ outputs }: WindowHarness) => outputs.map(({ series, at, value }) => `${series} ${at} ${value}`)
