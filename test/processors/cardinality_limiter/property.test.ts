import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { Distribution, Histogram } from '../../../sdk/plugin/index.ts'
import { EPOCH, Harness, increments, type TestPoint } from './harness.ts'

/** A source of points: its labels and what it has counted. */
interface Source {
  readonly attributes: Record<string, string>
  value: number
  start: number
}

interface Addition {
  readonly source: number
  readonly adds: number
}

type Step =
  | { readonly kind: 'send'; readonly of: readonly Addition[]; readonly isRefusedFirst: boolean }
  | { readonly kind: 'reset'; readonly source: number }
  | { readonly kind: 'advance'; readonly seconds: number }
  | { readonly kind: 'restart' }

const OVERFLOW = 'm{otel.metric.overflow=true}'
const SOURCES = 12
const source = fc.nat(SOURCES - 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      of: fc.array(fc.record({ source, adds: fc.nat(9) }), { minLength: 1, maxLength: 12 }),
      isRefusedFirst: fc.boolean()
    })
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), seconds: fc.integer({ min: 1, max: 60 }) })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const), source }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) }
)
const steps = fc.array(step, { maxLength: 80 })
const config = fc.record({
  max_series_per_metric: fc.integer({ min: 1, max: 6 }),
  max_series_total: fc.integer({ min: 1, max: 8 }),
  max_values_per_label: fc.integer({ min: 0, max: 3 }),
  action: fc.constantFrom('overflow', 'drop_label'),
  idle_expiry: fc.constant('1m')
})
const KINDS = ['delta', 'cumulative', 'delta histogram', 'cumulative histogram'] as const

function run(kind: (typeof KINDS)[number], config: Record<string, unknown>, steps: readonly Step[]) {
  let weir = new Harness(config)
  const outputs: Harness['outputs'] = []
  const sources: Source[] = Array.from({ length: SOURCES }, (_, i) => ({
    attributes: { id: `${i}`, route: `/${i % 3}` },
    value: 0,
    start: 0
  }))
  let sent = 0
  for (const step of steps) {
    const now = () => (weir.context.clock.now() - EPOCH) / 1000
    if (step.kind === 'advance') weir.advance(step.seconds)
    else if (step.kind === 'reset') Object.assign(sources[step.source], { value: 0, start: now() })
    else if (step.kind === 'restart') {
      outputs.push(...weir.outputs)
      assert.equal(weir.context.account.imbalance, 0)
      weir = weir.restarted(config)
    } else {
      // A series has one point for a time.
      weir.advance(1)
      const points = new Map<number, TestPoint>()
      for (const { source, adds } of step.of) {
        if (points.has(source)) continue
        const from = sources[source]
        sent += adds
        from.value += adds
        points.set(source, pointOf(kind, from, adds, now()))
      }
      if (step.isRefusedFirst) refuse(weir, [...points.values()])
      weir.send(...points.values())
    }
  }
  outputs.push(...weir.outputs)
  assert.equal(weir.context.account.imbalance, 0)
  assert.equal(weir.context.account.droppedTotal, 0)
  return { outputs, sent }
}

/** Nobody takes what comes of `points`, as if it had never been. */
function refuse(weir: Harness, points: readonly TestPoint[]): void {
  const before = weir.outputs.length
  const { onBatch } = weir
  weir.onBatch = batch => batch.nack(new Error('try again'))
  weir.send(...points)
  weir.outputs.length = before
  weir.onBatch = onBatch
}

function pointOf(kind: (typeof KINDS)[number], from: Source, adds: number, at: number): TestPoint {
  const isDelta = kind.startsWith('delta')
  const value = isDelta ? adds : from.value
  const temporality = isDelta ? 'delta' : 'cumulative'
  const { attributes, start } = from
  if (!kind.endsWith('histogram')) return { attributes, at, start, value, metric: { temporality } }
  return { attributes, at, start, distribution: histogram(value), metric: { temporality, kind: 'histogram' } }
}

const histogram = (count: number): Histogram => ({
  kind: 'histogram',
  count,
  sum: count,
  min: 1,
  max: 1,
  bounds: [1, 2],
  counts: [count, 0, 0]
})

for (const kind of KINDS) {
  it(`${kind}: whatever has a place, gets or loses it, with resets, restarts and refusals, the sum equals the points sent`, () => {
    fc.assert(
      fc.property(config, steps, (config, steps) => {
        const { outputs, sent } = run(kind, config, steps)
        const isDelta = kind.startsWith('delta')
        const total = isDelta
          ? outputs.reduce((sum, { value }) => sum + value, 0)
          : [...increments(outputs).values()].reduce((a, b) => a + b, 0)
        assert.equal(total, sent)
        const limit = Math.min(config.max_series_per_metric, config.max_series_total)
        const byTime = new Map<string, number>()
        for (const { series, at, distribution, value } of outputs) {
          assert.ok(distribution === undefined || bucketsAgree(distribution))
          const key = `${at} ${series}`
          assert.ok(!byTime.has(key) || (value === 0 && byTime.get(key) === 0), `two points of ${key}`)
          byTime.set(key, value)
        }
        const [begun] = outputs.filter(({ series }) => series === OVERFLOW)
        if (!isDelta && begun !== undefined) assert.deepEqual([begun.at, countIn(begun)], [begun.start, 0])
        // Zeros that series begin with stand at the time they were folded until.
        const real = outputs.filter(({ start, at }) => start !== at)
        for (const at of new Set(real.map(({ at }) => at))) {
          const series = new Set(real.filter(output => output.at === at).map(({ series }) => series))
          assert.ok(series.size <= limit + 1, `${series.size} series at ${at}`)
        }
      }),
      { numRuns: 150 }
    )
  })
}

const countIn = ({ value, distribution }: Harness['outputs'][number]) =>
  distribution === undefined ? value : (distribution as Histogram).count

function bucketsAgree(distribution: Distribution): boolean {
  const { count, counts } = distribution as Histogram
  return counts[0] === count && counts.every(one => one >= 0)
}

it('the same batches at the same times give the same, from any snapshot on', () => {
  fc.assert(
    fc.property(config, steps, fc.nat(80), (config, steps, at) => {
      const whole = run('cumulative', config, steps)
      const withRestart = run('cumulative', config, [...steps.slice(0, at), { kind: 'restart' }, ...steps.slice(at)])
      assert.deepEqual(withRestart.outputs, whole.outputs)
    }),
    { numRuns: 150 }
  )
})
