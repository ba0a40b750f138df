import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { windowText } from '../../../../core/windows/output/output-series.ts'
import type { WindowSize } from '../../../../core/windows/panes/window-size.ts'
import { canTake } from '../../../../core/windows/reload/changed-sizes.ts'
import { durableEngine, type Output, ruleOf, settingsOf, tumbling, type WindowHarness } from '../harness.ts'

const SMALLEST = tumbling(1000)
/** As long as a window is open, time goes by without data. It is open in both. */
const LONGEST = tumbling(600_000)
const OTHERS = [
  ...[2000, 5000, 10_000, 30_000, 60_000].map(tumbling),
  { sizeMs: 10_000, everyMs: 2000 },
  { sizeMs: 60_000, everyMs: 10_000 }
]
const END = 200

const sizes = fc.shuffledSubarray(OTHERS).map(others => [...others, SMALLEST, LONGEST])
const step = fc.record({
  /** Seconds. */
  wait: fc.constantFrom(0.1, 0.7, 3, 11),
  /** How old the point is, in seconds: some are late. */
  age: fc.constantFrom(0, 0, 0, 1, 5, 20, 45),
  value: fc.integer({ min: 1, max: 9 }),
  route: fc.constantFrom('a', 'b')
})
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

const engineOf = (windows: readonly WindowSize[], late: 'add' | 'amend') =>
  durableEngine(settingsOf(ruleOf({ windows, late, amendMs: 30_000 })))

async function run(weir: WindowHarness, steps: readonly Step[], from: number): Promise<number> {
  let now = from
  for (const { wait, age, value, route } of steps) {
    now += wait
    weir.advanceTo(now)
    await weir.send({ at: Math.max(0, now - age), value, attributes: { route } })
  }
  return now
}

/** Outputs of windows of these sizes, and totals. */
function ofSizes(outputs: readonly Output[], kept: readonly WindowSize[]): string[] {
  const wanted = new Set(kept.map(windowText))
  return outputs
    .filter(({ series }) => {
      const window = /window=([^,}]*)/.exec(series)?.[1]
      return window === undefined || wanted.has(window)
    })
    .map(({ series, at, value }) => `${series} ${at} ${value}`)
    .sort()
}

for (const late of ['add', 'amend'] as const)
  test(`windows that are there before and after go on, and so do totals, whatever is added and removed: late ${late}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes,
        sizes,
        fc.array(step, { maxLength: 15 }),
        fc.array(step, { maxLength: 15 }),
        async (before, after, first, second) => {
          fc.pre(canTake(after, before))
          const same = await engineOf(before, late).start()
          const changed = engineOf(after, late)
          const began = await run(same, first, 0)
          changed.context.clock.advanceTo(same.context.clock.now())
          changed.processor.restore!(same.processor.snapshot!())
          await changed.start()
          same.outputs.length = 0
          for (const weir of [same, changed]) {
            await run(weir, second, began)
            weir.advanceTo(began + END)
          }
          const kept = before.filter(one => after.some(other => windowText(other) === windowText(one)))
          assert.deepEqual(ofSizes(changed.outputs, kept), ofSizes(same.outputs, kept))
        }
      ),
      { numRuns: 200 }
    )
  })

const seconds = (...all: number[]) => all.map(one => tumbling(one * 1000))

for (const [before, now, want] of [
  [seconds(1, 60), seconds(1, 10, 60, 3600), true],
  [seconds(1, 10, 60, 3600), seconds(1, 3600), true],
  [seconds(1, 60), seconds(10, 60), false],
  [seconds(10, 60), seconds(1, 10, 60), false],
  // Ten seconds were made of five, and would be of two.
  [seconds(1, 2, 5, 10), seconds(1, 2, 10), false],
  // The second is in both, but nobody saw its windows before.
  [seconds(2, 5), seconds(1, 2, 5), false]
] as const)
  test(`windows of ${now.map(windowText)} ${want ? 'take' : 'cannot take'} the state of ${before.map(windowText)}`, () =>
    assert.equal(canTake(now, before), want))

test('a size that is new has what comes from now on', async () => {
  const before = await engineOf([SMALLEST], 'add').start()
  await before.send({ at: 0.5, value: 1 })
  before.advanceTo(4)
  const after = engineOf([SMALLEST, tumbling(60_000)], 'add')
  after.context.clock.advanceTo(before.context.clock.now())
  after.processor.restore!(before.processor.snapshot!())
  await after.start()
  await after.send({ at: 5.5, value: 2 })
  after.advanceTo(END)
  const minutes = after.outputs.filter(({ series }) => series.includes('window=1m'))
  assert.deepEqual(
    minutes.map(({ value }) => value),
    [2]
  )
})
