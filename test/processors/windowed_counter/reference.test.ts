import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { EventBlock } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { EPOCH, Harness, type Output } from './harness.ts'
import { expectedWindows, type Sample, type Size, textOf } from './reference.ts'

const SIZES: readonly Size[] = [
  { size: 1, every: 1 },
  { size: 10, every: 10 },
  { size: 12, every: 4 },
  { size: 7, every: 1 }
]
const AGGREGATIONS = ['count', 'sum', 'min', 'max', 'avg', 'last']
const WINDOWS = SIZES.map(({ size, every }) => ({ size: `${size}s`, every: `${every}s` }))
const CONFIG = {
  windows: WINDOWS,
  output: ['delta'],
  by: ['route'],
  rules: [
    { match: { name: 'upload' }, aggregations: AGGREGATIONS },
    { match: { name: 'upload' }, aggregations: ['unique'], attribute: 'user' }
  ]
}

type Step =
  | { readonly kind: 'send'; readonly samples: readonly Sample[]; readonly twice: boolean }
  | { readonly kind: 'advance'; readonly seconds: number }
  | { readonly kind: 'restart' }

/** Halves add up exactly. Times are relative to the clock. */
const sample: fc.Arbitrary<Sample> = fc.record({
  // Whole seconds, so that some come at the same time, and others.
  at: fc.oneof(
    fc.integer({ min: -40, max: 1 }),
    fc.integer({ min: -40_000, max: 1000 }).map(ms => ms / 1000)
  ),
  value: fc.integer({ min: -20, max: 20 }).map(n => n / 2),
  route: fc.constantFrom('/a', '/b'),
  user: fc.constantFrom('ann', 'bob', 'cem')
})
const samples = fc.array(sample, { maxLength: 12 })
const send = fc.record({ kind: fc.constant('send' as const), samples, twice: fc.boolean() })
const advance = fc.record({ kind: fc.constant('advance' as const), seconds: fc.integer({ min: 1, max: 30 }) })
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: send },
    { weight: 3, arbitrary: advance },
    fc.record({ kind: fc.constant('restart' as const) })
  ),
  { maxLength: 25 }
)

interface Run {
  readonly outputs: readonly Output[]
  readonly sent: readonly Sample[]
  readonly late: number
}

/** Runs the steps and lets all windows close. `late`: how many were dropped as that. */
async function run(steps: readonly Step[], config: Record<string, unknown>): Promise<Run> {
  const outputs: Output[] = []
  const sent: Sample[] = []
  let weir = await new Harness(config, durable()).start()
  let [seconds, late] = [0, 0]
  for (const step of steps) {
    if (step.kind === 'advance') weir.advanceTo((seconds += step.seconds))
    else if (step.kind === 'send') {
      const samples = step.samples.map(one => ({ ...one, at: Math.round((one.at + seconds) * 1000) / 1000 }))
      for (let times = step.twice ? 2 : 1; times > 0; times--) {
        sent.push(...samples)
        await weir.sendBlock(eventsOf(samples))
      }
    } else {
      late += weir.context.account.dropped.get('late') ?? 0
      outputs.push(...weir.outputs)
      weir = await restarted(weir, seconds, config)
    }
  }
  weir.advanceTo(seconds + 80)
  outputs.push(...weir.outputs)
  assert.equal(weir.context.account.imbalance, 0, 'the ledger adds up')
  return { outputs, sent, late: late + (weir.context.account.dropped.get('late') ?? 0) }
}

/** Another process, which knows only the bytes. */
async function restarted(old: Harness, seconds: number, config: Record<string, unknown>): Promise<Harness> {
  await old.host.finish()
  const bytes = old.processor.snapshot!()
  await old.processor.stop?.(AbortSignal.abort())
  assert.equal(old.context.account.imbalance, 0, 'the ledger adds up')
  const fresh = new Harness(config, durable())
  fresh.context.clock.advance(seconds * 1000)
  fresh.processor.restore!(bytes)
  return fresh.start()
}

const durable = () => ({ ...testContext('windowed_counter'), durable: true })

function eventsOf(samples: readonly Sample[]): EventBlock {
  return {
    type: 'events',
    length: samples.length,
    time: Float64Array.from(samples, ({ at }) => EPOCH + at * 1000),
    name: samples.map(() => 'upload'),
    id: samples.map(() => undefined),
    attributes: samples.map(({ route, user }) => [
      ['route', route],
      ['user', user]
    ]),
    value: Float64Array.from(samples, ({ value }) => value)
  }
}

/** What was sent last for each window: as `expectedWindows` has it. */
function lastWindows(outputs: readonly Output[]): Map<string, Record<string, number>> {
  const windows = new Map<string, Record<string, number>>()
  for (const { series, at, value } of outputs) {
    const [, aggregation, route, window] = /^upload\.(\w+)\{route=(.*),window=(.*)\}$/.exec(series)!
    const key = `${window} ${route} ${at}`
    const values = windows.get(key) ?? {}
    values[aggregation] = value
    windows.set(key, values)
  }
  return windows
}

const isLate = ({ series }: Output) => series.includes('late=true')

describe('windowed_counter against a slow reference', () => {
  it('with lateness enough for all, every window is exact, those that overlap too, and is sent once', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async steps => {
        const { outputs, sent } = await run(steps, { ...CONFIG, allowed_lateness: '50s' })
        assert.deepEqual(lastWindows(outputs), expectedWindows(sent, SIZES))
        assert.equal(new Set(outputs.map(({ series, at }) => `${series} ${at}`)).size, outputs.length)
      }),
      { numRuns: 100 }
    )
  })

  it('late: amend ends at the same values, whatever comes late, by and by or through restarts', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async steps => {
        const { outputs, sent, late } = await run(steps, { ...CONFIG, late: 'amend' })
        assert.equal(late, 0)
        assert.deepEqual(lastWindows(outputs), expectedWindows(sent, SIZES))
      }),
      { numRuns: 150 }
    )
  })

  it('late: side_output forwards the points it does not count: windows are exact without them', async () => {
    const config = {
      ...CONFIG,
      late: 'side_output',
      without: ['user'],
      by: undefined,
      rules: undefined,
      aggregations: ['count', 'sum']
    }
    await fc.assert(
      fc.asyncProperty(steps, async steps => {
        const { outputs, sent } = await run(steps, config)
        const forwarded = outputs.filter(isLate)
        const windows = outputs.filter(({ series }) => series.includes('window='))
        const counted = leftOf(sent, forwarded)
        assert.deepEqual(lastWindows(windows), pick(expectedWindows(counted, SIZES), ['count', 'sum']))
      }),
      { numRuns: 100 }
    )
  })

  it('late: drop counts all that it does not drop', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async steps => {
        const rules = [{ match: { name: 'upload' }, aggregations: AGGREGATIONS }]
        const { outputs, sent, late } = await run(steps, { ...CONFIG, late: 'drop', rules })
        for (const window of ['1s', '10s']) {
          const counts = outputs.filter(
            ({ series }) => series.startsWith('upload.count') && series.includes(`window=${window}}`)
          )
          assert.equal(counts.reduce((sum, { value }) => sum + value, 0) + late, sent.length, window)
        }
      }),
      { numRuns: 100 }
    )
  })
})

/** `sent` without what was forwarded, which says of each how often, when and for whom. */
function leftOf(sent: readonly Sample[], forwarded: readonly Output[]): Sample[] {
  const gone = forwarded.filter(({ series }) => series.startsWith('upload{'))
  const sums = forwarded.filter(({ series }) => series.startsWith('upload.sum{'))
  const left = [...sent]
  let next = 0
  for (const { series, at } of gone) {
    const [, route, user] = /route=(.*),user=(.*)\}/.exec(series)!
    // The value stands in the point that follows, unless it is 1.
    const follows = sums[next]?.at === at && sums[next].series === series.replace('upload{', 'upload.sum{')
    const value = follows ? sums[next++].value : 1
    const i = left.findIndex(one => one.at === at && one.route === route && one.user === user && one.value === value)
    assert.ok(i >= 0, `${series} at ${at} was sent`)
    left.splice(i, 1)
  }
  return left
}

function pick(
  windows: Map<string, Record<string, number>>,
  names: readonly string[]
): Map<string, Record<string, number>> {
  return new Map(
    [...windows].map(([key, values]) => [key, Object.fromEntries(names.map(name => [name, values[name]]))])
  )
}

assert.deepEqual(SIZES.map(textOf), ['1s', '10s', '12s/4s', '7s/1s'])
