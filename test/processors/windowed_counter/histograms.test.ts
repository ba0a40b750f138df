import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ExponentialCounts } from '../../../core/model/sketch/exponential-counts.ts'
import {
  type ExponentialHistogram,
  type Histogram,
  NO_ATTRIBUTES,
  observation,
  type PointBlock,
  PointBlockBuilder,
  type Temporality
} from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { EPOCH, Harness } from './harness.ts'

type Distribution = Histogram | ExponentialHistogram
const WINDOWS = { windows: ['1s', '10s'] }
const BOUNDS = [1, 10, 100]
const durable = () => ({ ...testContext('windowed_counter'), durable: true })

/** A windowed counter of one histogram, and the distributions that come out, by window (`total` where none) and time. */
class HistogramHarness extends Harness {
  readonly seen = new Map<string, Distribution>()

  constructor(config: Record<string, unknown> = WINDOWS, context = testContext('windowed_counter')) {
    super(config, context)
    this.onBatch = batch => {
      const { length, series, time, value, distributions } = batch.block as PointBlock
      for (let i = 0; i < length; i++) {
        const { metric, attributes } = series.at(i)
        const { window = 'total', late } = Object.fromEntries(attributes)
        const distribution = distributions.get(i) as Distribution
        assert.equal(metric.kind, distribution.kind, 'the series has the kind of its points')
        assert.equal(value[i], distribution.sum)
        this.seen.set(`${window}${late === undefined ? '' : ' late'} ${(time[i] - EPOCH) / 1000}`, distribution)
      }
      batch.ack()
    }
  }

  async take(at: number, distribution: Distribution, temporality: Temporality = 'delta', start = 0): Promise<void> {
    const metric = { name: 'latency', unit: 'ms', description: '', kind: distribution.kind, temporality }
    const builder = new PointBlockBuilder()
    const series = this.context.series.intern(metric, NO_ATTRIBUTES)
    builder.addDistribution(series, EPOCH + at * 1000, distribution, start === 0 ? 0 : EPOCH + start * 1000)
    await this.sendBlock(builder.build())
  }
}

function explicit(values: readonly number[], bounds: readonly number[] = BOUNDS): Histogram {
  const counts = Array(bounds.length + 1).fill(0)
  for (const value of values) counts[[...bounds, Number.POSITIVE_INFINITY].findIndex(bound => value <= bound)]++
  return { kind: 'histogram', ...totals(values), bounds, counts }
}

function exponential(values: readonly number[]): ExponentialHistogram {
  const counts = new ExponentialCounts()
  for (const value of values) counts.addValue(value, 1)
  return { kind: 'exponential_histogram', ...totals(values), ...counts.shape() }
}

function totals(values: readonly number[]) {
  const sum = values.reduce((a, b) => a + b, 0)
  const [min, max] = values.length === 0 ? [Number.NaN, Number.NaN] : [Math.min(...values), Math.max(...values)]
  return { count: values.length, sum, min, max }
}

const unknownRange = (distribution: Distribution) => ({ ...distribution, min: Number.NaN, max: Number.NaN })

async function restarted(old: HistogramHarness, seconds: number): Promise<HistogramHarness> {
  await old.host.finish()
  const fresh = new HistogramHarness(WINDOWS, durable())
  fresh.context.clock.advance(seconds * 1000)
  fresh.processor.restore!(old.processor.snapshot!())
  await old.processor.stop?.(AbortSignal.abort())
  return (await fresh.start()) as HistogramHarness
}

describe('windowed_counter of histograms', () => {
  const kinds: [string, (values: readonly number[]) => Distribution, Distribution['kind']][] = [
    ['explicit', values => explicit(values), 'histogram'],
    ['exponential', exponential, 'exponential_histogram']
  ]
  for (const [name, make] of kinds) {
    it(`${name} buckets, least and greatest add up in windows of all sizes and in the total`, async () => {
      const weir = new HistogramHarness()
      await weir.start()
      await weir.take(0, make([1, 2, 300]))
      await weir.take(0.5, make([0.5, 20]))
      await weir.take(4, make([50]))
      weir.advanceTo(30)
      assert.deepEqual(weir.seen.get('1s 1'), make([1, 2, 300, 0.5, 20]))
      assert.deepEqual(weir.seen.get('1s 5'), make([50]))
      assert.deepEqual(weir.seen.get('10s 10'), make([1, 2, 300, 0.5, 20, 50]))
      assert.equal(weir.seen.get('total 0')?.count, 0, 'a zero comes first')
      assert.deepEqual(weir.seen.get('total 1'), make([1, 2, 300, 0.5, 20]))
      assert.deepEqual(weir.seen.get('total 5'), make([1, 2, 300, 0.5, 20, 50]))
      assert.equal(weir.context.account.imbalance, 0)
    })

    it(`${name} cumulative input: the increase, without minimum and maximum`, async () => {
      const weir = new HistogramHarness()
      await weir.start()
      await weir.take(0.5, make([4, 90]), 'cumulative', 0.25)
      await weir.take(1.5, make([4, 90, 5, 7]), 'cumulative', 0.25)
      weir.advanceTo(3)
      await weir.take(3.5, make([3]), 'cumulative', 3.25)
      weir.advanceTo(30)
      assert.deepEqual(weir.seen.get('1s 1'), make([4, 90]))
      assert.deepEqual(weir.seen.get('1s 2'), unknownRange(make([5, 7])))
      assert.deepEqual(weir.seen.get('1s 4'), make([3]), 'a reset')
      assert.deepEqual(weir.seen.get('10s 10'), unknownRange(make([4, 90, 5, 7, 3])))
      assert.equal(weir.context.account.imbalance, 0)
    })

    it(`${name}: a restart in the middle of a window, and between two cumulative points, loses nothing`, async () => {
      const first = new HistogramHarness(WINDOWS, durable())
      await first.start()
      await first.take(0.1, make([1, 2]))
      await first.take(0.1, make([30]), 'cumulative', 0.05)
      const second = await restarted(first, 0.5)
      await second.take(0.6, make([400]))
      await second.take(0.6, make([30, 40]), 'cumulative', 0.05)
      second.advanceTo(2)
      const third = await restarted(second, 6)
      await third.take(6, make([7]))
      third.advanceTo(30)
      const all = [first, second, third].flatMap(weir => [...weir.seen])
      const seen = new Map(all)
      assert.deepEqual(seen.get('1s 1'), unknownRange(make([1, 2, 30, 400, 40])))
      assert.deepEqual(seen.get('10s 10'), unknownRange(make([1, 2, 30, 400, 40, 7])))
      assert.deepEqual(seen.get('total 7'), unknownRange(make([1, 2, 30, 400, 40, 7])))
      for (const weir of [first, second, third]) assert.equal(weir.context.account.imbalance, 0)
    })
  }

  it('observations become exponential buckets', async () => {
    const weir = new HistogramHarness()
    await weir.start()
    await weir.take(0, observation(20, 1))
    await weir.take(0.1, observation(5, 2))
    await weir.take(0.2, observation(0, 1))
    weir.advanceTo(30)
    assert.deepEqual(weir.seen.get('1s 1'), exponential([20, 5, 5, 0]))
  })

  it('late ones count in larger windows still open, and in a late series', async () => {
    const weir = new HistogramHarness({ windows: ['1s', '1m'] })
    await weir.start()
    await weir.take(0.5, explicit([1, 2]))
    weir.advanceTo(20)
    await weir.take(0.7, explicit([500]))
    weir.advanceTo(60)
    assert.deepEqual(weir.seen.get('1s 1'), explicit([1, 2]))
    assert.deepEqual(weir.seen.get('1m 40'), explicit([1, 2, 500]))
    assert.deepEqual([...weir.seen].find(([key]) => key.startsWith('1s late'))?.[1], explicit([500]))
    assert.deepEqual([...weir.seen].findLast(([key]) => key.startsWith('total'))?.[1], explicit([1, 2, 500]))
    assert.equal(weir.context.account.imbalance, 0)
  })

  const bucketless: Histogram = { kind: 'histogram', ...totals([1, 3]), bounds: [], counts: [] }
  const unlike: [string, Distribution][] = [
    ['other bounds', explicit([1, 3], [2, 4])],
    ['exponential ones', exponential([1, 3])],
    ['observations', observation(2, 2)],
    ['none', bucketless]
  ]
  for (const [name, other] of unlike) {
    for (const [first, second] of [
      [explicit([5]), other],
      [other, explicit([5])]
    ]) {
      it(`buckets and ${name} in one group: count, sum, least and greatest, and it is counted`, async () => {
        const weir = new HistogramHarness({ windows: ['1s'], output: ['delta'] })
        await weir.start()
        await weir.take(0, first)
        await weir.take(0.1, second)
        await weir.take(1, explicit([5]))
        weir.advanceTo(30)
        const { count, sum, min } = other
        const want = { kind: 'histogram', count: count + 1, sum: sum + 5, min, max: 5, bounds: [], counts: [] }
        assert.deepEqual(weir.seen.get('1s 1'), want)
        assert.equal(weir.context.counters.get('histograms_without_buckets_total'), 1)
        assert.deepEqual(weir.seen.get('1s 2'), explicit([5]), 'the next window has them again')
        assert.equal(weir.context.account.imbalance, 0)
      })
    }
  }

  for (const [name, make] of [
    ['explicit', explicit],
    ['exponential', exponential]
  ] as const) {
    it(`cumulative ${name} buckets of values below 0, whose sum goes down, have not begun anew`, async () => {
      const weir = await new HistogramHarness().start()
      await weir.take(0.5, make([20, 30]), 'cumulative', 0.25)
      await weir.take(1.5, make([20, 30, -40]), 'cumulative', 0.25)
      weir.advanceTo(10)
      const { count, sum } = weir.seen.get('1s 2')!
      assert.deepEqual([count, sum], [1, -40])
    })
  }

  it('cumulative buckets after a histogram that was empty, and had none, are all there', async () => {
    const weir = await new HistogramHarness().start()
    await weir.take(0.5, { ...explicit([], []), counts: [] }, 'cumulative', 0.25)
    await weir.take(1.5, explicit([4, 90]), 'cumulative', 0.25)
    weir.advanceTo(10)
    assert.deepEqual((weir.seen.get('1s 2') as Histogram).counts, [0, 1, 1, 0])
  })

  it('cumulative buckets that cannot be compared leave count and sum', async () => {
    const weir = new HistogramHarness({ windows: ['1s'], output: ['delta'] })
    await weir.start()
    await weir.take(0.5, explicit([1]), 'cumulative', 0.25)
    await weir.take(1.5, explicit([1, 3], [2, 4]), 'cumulative', 0.25)
    await weir.take(2.5, explicit([1, 3, 3], [2, 4]), 'cumulative', 0.25)
    weir.advanceTo(30)
    const { count, sum, bounds } = weir.seen.get('1s 2') as Histogram
    assert.deepEqual({ count, sum, bounds }, { count: 1, sum: 3, bounds: [] })
    assert.deepEqual(weir.seen.get('1s 3'), unknownRange(explicit([3], [2, 4])))
  })

  it('an empty histogram changes nothing', async () => {
    const weir = new HistogramHarness()
    await weir.start()
    await weir.take(0, explicit([5]))
    await weir.take(0.1, { kind: 'histogram', ...totals([]), bounds: [], counts: [] })
    weir.advanceTo(30)
    assert.deepEqual(weir.seen.get('1s 1'), explicit([5]))
  })

  it('whatever comes in whatever order, and whenever it restarts, every size and the total hold exactly it', async () => {
    const values = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 10 })
    const send = fc.record({ ago: fc.nat(15), values })
    const step = fc.oneof(send, fc.constant('restart' as const), fc.integer({ min: 1, max: 8 }))
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.constantFrom(...kinds), async (steps, [, make]) => {
        let weir = new HistogramHarness(WINDOWS, durable())
        await weir.start()
        const runs = [weir]
        const all: number[] = []
        let now = 0
        for (const step of steps) {
          if (typeof step === 'number') weir.advanceTo((now += step))
          else if (step === 'restart') runs.push((weir = await restarted(weir, now)))
          else {
            all.push(...step.values)
            await weir.take(Math.max(0, now - step.ago) + 0.25, make(step.values))
          }
        }
        weir.advanceTo(now + 40)
        for (const run of runs) assert.equal(run.context.account.imbalance, 0)
        if (all.length === 0) return
        const seen = runs.flatMap(run => [...run.seen])
        assert.deepEqual(seen.findLast(([key]) => key.startsWith('total'))?.[1], make(all))
        for (const size of ['1s', '10s']) {
          const merged = new HistogramHarness({ windows: ['1s'], output: ['delta'] })
          await merged.start()
          for (const [key, distribution] of seen) if (key.startsWith(`${size} `)) await merged.take(0, distribution)
          merged.advanceTo(5)
          assert.deepEqual(merged.seen.get('1s 1'), make(all), `windows of ${size}`)
        }
      }),
      { numRuns: 80 }
    )
  })
})
