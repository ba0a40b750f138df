import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EPOCH, Harness, type Output } from './harness.ts'
import { type Arrival, cell, Reference } from './reference.ts'

const TIERS = [
  { size: '1s', ms: 1000 },
  { size: '5s', ms: 5000 },
  { size: '20s', ms: 20_000 },
  { size: '1m', ms: 60_000 }
]
const LARGEST_MS = 60_000
const LATENESS_MS = 2000
const IDLE_MS = 5000
const END_S = 200
const CONFIG = {
  tiers: TIERS.map(({ size }) => ({ size })),
  allowed_lateness: `${LATENESS_MS}ms`,
  idle_timeout: `${IDLE_MS}ms`
}

/** What happens, one after the other: points that come so many seconds after or before now, time that goes by, a restart. */
type Step =
  | {
      readonly kind: 'send'
      readonly source: string
      readonly points: readonly { readonly ago: number; readonly value: number }[]
    }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'restart' }

const point = fc.record({
  ago: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: -10, max: 30 }).map(tenths => tenths / 10) },
    fc.integer({ min: 3, max: 70 })
  ),
  value: fc.integer({ min: 0, max: 1000 })
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      source: fc.constantFrom('a', 'a', 'b', 'c'),
      points: fc.array(point, { minLength: 1, maxLength: 6 })
    })
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      seconds: fc.integer({ min: 1, max: 80 }).map(tenths => tenths / 10)
    })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) }
)
const steps = fc.array(step, { minLength: 1, maxLength: 40 })

async function run(
  all: readonly Step[],
  config: Record<string, unknown> = CONFIG
): Promise<{ harness: Harness; reference: Reference; points: readonly Arrival[] }> {
  const harness = await new Harness(config).start()
  const reference = new Reference(
    TIERS.map(({ ms }) => ms),
    LATENESS_MS,
    IDLE_MS,
    EPOCH
  )
  const sent: Arrival[] = []
  // Far enough in that nothing lies before the epoch.
  let now = 100
  const advance = () => {
    harness.advanceTo(now)
    reference.advanceTo(harness.context.clock.now())
  }
  advance()
  for (const one of all) {
    if (one.kind === 'restart') await harness.restart()
    else if (one.kind === 'wait') {
      now += one.seconds
      advance()
    } else {
      const points: Arrival[] = one.points.map(({ ago, value }) => ({ at: now - ago, value }))
      sent.push(...points)
      void harness.send(points, one.source)
      reference.take(points, EPOCH, one.source)
    }
  }
  now += END_S
  advance()
  harness.assertBalanced()
  return { harness, reference, points: sent }
}

test('whatever comes in whatever order, and whenever it restarts, each interval of each tier equals the reference', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const { harness, reference } = await run(all)
      const got = new Map<string, number>()
      for (const { tier, isLate, start, end, value } of harness.outputs) {
        const { ms } = TIERS.find(({ size }) => size === tier)!
        assert.equal(Math.round((end - start) * 1000), ms)
        const key = cell(ms, isLate, EPOCH + Math.round(start * 1000))
        assert.ok(!got.has(key), `${key} is sent once`)
        got.set(key, value)
      }
      assert.deepEqual(new Map([...got].sort()), new Map([...reference.sums].sort()))
    }),
    { numRuns: Number(process.env.RUNS ?? 150) }
  )
})

test('every interval of a large tier is, late data included, the sum of those of each smaller one; all is there once', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const { harness, points } = await run(all)
      const totals = TIERS.map(({ size }) => perLargest(harness.outputs.filter(({ tier }) => tier === size)))
      for (const total of totals) assert.deepEqual(total, totals[0])
      assert.equal(sumOf([...totals[0].values()]), sumOf(points.map(({ value }) => value)))
    }),
    { numRuns: 100 }
  )
})

test('the same input makes the same bytes, of state and of output, restarts or not', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const straight = await run(all.filter(({ kind }) => kind !== 'restart'))
      const restarted = await run(all)
      assert.deepEqual(restarted.harness.outputs, straight.harness.outputs)
      const again = await run(all)
      assert.deepEqual(again.harness.snapshot(), restarted.harness.snapshot())
    }),
    { numRuns: 30 }
  )
})

test('amended, every interval of every tier has all points that fell into it, however late they came', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const { harness, points } = await run(all, { ...CONFIG, late: 'amend', amend_for: '10m' })
      const want = new Map<string, number>()
      for (const { at, value } of points) {
        for (const { ms } of TIERS) {
          const key = cell(ms, false, Math.floor((EPOCH + at * 1000) / ms) * ms)
          want.set(key, (want.get(key) ?? 0) + value)
        }
      }
      // What comes last for a series and time replaces what was there.
      const got = new Map<string, number>()
      for (const { tier, isLate, start, value } of harness.outputs)
        got.set(cell(TIERS.find(({ size }) => size === tier)!.ms, isLate, EPOCH + Math.round(start * 1000)), value)
      assert.deepEqual(new Map([...got].sort()), new Map([...want].sort()))
    }),
    { numRuns: 100 }
  )
})

const sumOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

function perLargest(outputs: readonly Output[]): Map<number, number> {
  const sums = new Map<number, number>()
  for (const { start, value } of outputs) {
    const of = Math.floor((start * 1000) / LARGEST_MS)
    sums.set(of, (sums.get(of) ?? 0) + value)
  }
  return new Map([...sums].filter(([, sum]) => sum > 0).sort(([a], [b]) => a - b))
}
