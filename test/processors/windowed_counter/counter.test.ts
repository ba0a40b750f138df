import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CreditPool } from '../../../core/batch/credits.ts'
import type { EventBlock } from '../../../sdk/plugin/index.ts'
import { NO_ATTRIBUTES, observation, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { EPOCH, Harness } from './harness.ts'

const DELTA_ONLY = { windows: ['1s'], output: ['delta'], allowed_lateness: '2s' }

function events(rows: readonly [at: number, name: string, value: number][]): EventBlock {
  return {
    type: 'events',
    length: rows.length,
    time: Float64Array.from(rows, ([at]) => EPOCH + at * 1000),
    name: rows.map(([, name]) => name),
    id: rows.map(() => undefined),
    attributes: rows.map(() => NO_ATTRIBUTES),
    value: Float64Array.from(rows, ([, , value]) => value)
  }
}

describe('windowed_counter', () => {
  it('sums deltas per window and series, at the window’s end', async () => {
    const weir = await new Harness(DELTA_ONLY).start()
    await weir.send(
      { at: 0.1, value: 2 },
      { at: 0.9, value: 3 },
      { at: 1, value: 5 },
      { at: 0.5, attributes: { route: '/a' } }
    )
    weir.advanceTo(6)
    assert.deepEqual(weir.of('requests{window=1s}'), { 1: 5, 2: 5 })
    assert.deepEqual(weir.of('requests{route=/a,window=1s}'), { 1: 1 })
    assert.equal(weir.context.account.imbalance, 0)
  })

  it('makes several sizes of one pass, which agree', async () => {
    const weir = await new Harness({ windows: ['1s', '10s', '1m'], output: ['delta'] }).start()
    // EPOCH is 20 s before a full minute ends at +40 s.
    for (let at = 0; at < 100; at++) {
      weir.advanceTo(at)
      await weir.send({ at: at + 0.5, value: at })
    }
    weir.advanceTo(200)
    const total = (99 * 100) / 2
    assert.equal(weir.sumOf('requests{window=1s}'), total)
    assert.equal(weir.sumOf('requests{window=10s}'), total)
    assert.deepEqual(weir.of('requests{window=1m}'), { 40: 780, 100: 4170 })
  })

  it('windows that do not divide each other are made of a pane nobody sees', async () => {
    const weir = await new Harness({ windows: ['4s', '6s'], output: ['delta'] }).start()
    for (let at = 0; at < 24; at++) {
      weir.advanceTo(at)
      await weir.send({ at })
    }
    weir.advanceTo(60)
    assert.equal(weir.sumOf('requests{window=4s}'), 24)
    assert.equal(weir.sumOf('requests{window=6s}'), 24)
    assert.deepEqual(
      new Set(weir.outputs.map(output => output.series)),
      new Set(['requests{window=4s}', 'requests{window=6s}'])
    )
  })

  it('waits allowed_lateness for points out of order', async () => {
    const weir = await new Harness(DELTA_ONLY).start()
    weir.advanceTo(3)
    await weir.send({ at: 2.9 })
    await weir.send({ at: 1.5 })
    weir.advanceTo(8)
    assert.deepEqual(weir.of('requests{window=1s}'), { 2: 1, 3: 1 })
  })

  it('late: add counts in larger windows still open, in the totals and in a late series', async () => {
    const weir = await new Harness({ windows: ['1s', '1m'], late: 'add' }).start()
    await weir.send({ at: 0.5, value: 1 })
    weir.advanceTo(20)
    await weir.send({ at: 0.7, value: 10 })
    weir.advanceTo(60)
    assert.deepEqual(weir.of('requests{window=1s}'), { 1: 1 })
    assert.equal(weir.sumOf('requests{late=true,window=1s}'), 10)
    assert.deepEqual(weir.of('requests{window=1m}'), { 40: 11 })
    assert.equal(Object.values(weir.of('requests{}')).at(-1), 11)
    assert.equal(weir.context.account.imbalance, 0)
  })

  it('late: drop counts it as dropped, everywhere', async () => {
    const weir = await new Harness({ windows: ['1s', '1m'], late: 'drop' }).start()
    await weir.send({ at: 0.5 })
    weir.advanceTo(20)
    await weir.send({ at: 0.7 })
    weir.advanceTo(60)
    assert.deepEqual(weir.of('requests{window=1m}'), { 40: 1 })
    assert.equal(weir.context.account.dropped.get('late'), 1)
    assert.equal(weir.context.account.imbalance, 0)
  })

  it('drops points ahead of the clock, and lets them close nothing', async () => {
    const weir = await new Harness({ ...DELTA_ONLY, max_future_skew: '1m' }).start()
    await weir.send({ at: 0.5 }, { at: 61 }, { at: 30 })
    await weir.send({ at: 0.6 })
    weir.advanceTo(4)
    assert.deepEqual(weir.of('requests{window=1s}'), { 1: 2 })
    assert.equal(weir.context.account.dropped.get('future'), 1)
  })

  it('cumulative output begins with a zero at the window’s start and only grows', async () => {
    const weir = await new Harness({ windows: ['1s'], output: ['cumulative'] }).start()
    await weir.send({ at: 0.5, value: 3 })
    weir.advanceTo(5)
    await weir.send({ at: 5.5, value: 4 })
    weir.advanceTo(10)
    assert.deepEqual(weir.of('requests{}'), { 0: 0, 1: 3, 6: 7 })
  })

  it('by keeps the attributes named and sums over the others', async () => {
    const weir = await new Harness({ ...DELTA_ONLY, by: ['route'] }).start()
    await weir.send(
      { at: 0, attributes: { route: '/a', pod: '1' } },
      { at: 0, attributes: { route: '/a', pod: '2' } },
      { at: 0, attributes: { pod: '3' } }
    )
    weir.advanceTo(5)
    assert.deepEqual(weir.of('requests{route=/a,window=1s}'), { 1: 2 })
    assert.deepEqual(weir.of('requests{window=1s}'), { 1: 1 })
  })

  it('counts events, and sums their values where there are any', async () => {
    const weir = await new Harness(DELTA_ONLY).start()
    await weir.sendBlock(
      events([
        [0, 'signup', 1],
        [0.2, 'signup', 1],
        [0.5, 'purchase', 29.5],
        [0.6, 'purchase', -9.5]
      ])
    )
    weir.advanceTo(5)
    assert.deepEqual(weir.of('signup{window=1s}'), { 1: 2 })
    assert.deepEqual(weir.of('signup.sum{window=1s}'), {})
    assert.deepEqual(weir.of('purchase{window=1s}'), { 1: 2 })
    assert.deepEqual(weir.of('purchase.sum{window=1s}'), { 1: 20 })
  })

  it('keeps count and sum of histograms', async () => {
    const weir = await new Harness(DELTA_ONLY).start()
    const builder = new PointBlockBuilder()
    const metric = { name: 'latency', unit: 'ms', description: '', kind: 'histogram', temporality: 'delta' } as const
    const series = weir.context.series.intern(metric, NO_ATTRIBUTES)
    builder.addDistribution(series, EPOCH, observation(20, 1))
    builder.addDistribution(series, EPOCH + 1, observation(5, 10))
    let seen: unknown
    weir.onBatch = batch => {
      seen = batch.block.type === 'points' && batch.block.distributions.get(0)
      batch.ack()
    }
    await weir.sendBlock(builder.build())
    weir.advanceTo(5)
    const { count, sum } = seen as { count: number; sum: number }
    assert.deepEqual({ count, sum }, { count: 11, sum: 70 })
  })

  describe('cumulative input', () => {
    const cumulative = { temporality: 'cumulative' } as const
    const cases: [string, { at: number; value: number; start?: number }[], Record<number, number>][] = [
      [
        'began before Weir: counts from its second point',
        [
          { at: 0, value: 100, start: -50 },
          { at: 1, value: 103, start: -50 }
        ],
        { 2: 3 }
      ],
      [
        'began after Weir: counts from its first',
        [
          { at: 1, value: 5, start: 0.5 },
          { at: 2, value: 7, start: 0.5 }
        ],
        { 2: 5, 3: 2 }
      ],
      [
        'a new start is a reset',
        [
          { at: 0, value: 100, start: -50 },
          { at: 1, value: 4, start: 0.5 }
        ],
        { 2: 4 }
      ],
      [
        'a smaller value is a reset',
        [
          { at: 0, value: 100 },
          { at: 1, value: 4 }
        ],
        { 2: 4 }
      ],
      [
        'the same point twice counts once',
        [
          { at: 0, value: 1 },
          { at: 1, value: 4 },
          { at: 1, value: 4 }
        ],
        { 2: 3 }
      ]
    ]
    for (const [name, points, want] of cases) {
      it(name, async () => {
        const weir = await new Harness(DELTA_ONLY).start()
        for (const point of points) {
          weir.advanceTo(point.at)
          await weir.send({ ...point, metric: cumulative })
        }
        weir.advanceTo(10)
        assert.deepEqual(weir.of('requests{window=1s}'), want)
      })
    }
  })

  it('tells two cumulative writers of one identity apart by when they began', async () => {
    const weir = await new Harness(DELTA_ONLY).start()
    const cumulative = { temporality: 'cumulative' } as const
    for (let i = 1; i <= 3; i++) {
      weir.advanceTo(i)
      await weir.send({ at: i, value: 10 * i, start: 0.25, metric: cumulative })
      await weir.send({ at: i, value: 5 * i, start: 0.5, metric: cumulative })
    }
    weir.advanceTo(10)
    assert.deepEqual(weir.of('requests{window=1s}'), { 2: 15, 3: 15, 4: 15 })
  })

  it('lets gauges pass, and owns the rest of the batch', async () => {
    const weir = await new Harness(DELTA_ONLY).start()
    weir.onBatch = batch => batch.nack(new Error('not now'))
    const status = await weir.send(
      { at: 0, value: 2 },
      { at: 0, value: 20, name: 'temperature', metric: { kind: 'gauge' } }
    )
    assert.equal(status, 'acked', 'or the sender would send the counted point again')
    weir.onBatch = batch => batch.ack()
    weir.advanceTo(5)
    assert.deepEqual(weir.of('requests{window=1s}'), { 1: 2 })
    assert.equal(weir.context.account.imbalance, 0)
  })

  const bad: [string, { value: number }][] = [
    ['not_a_number', { value: Number.NaN }],
    ['not_a_number', { value: Number.POSITIVE_INFINITY }],
    ['negative_increment', { value: -1 }]
  ]
  for (const [reason, { value }] of bad) {
    it(`a counter’s ${value} is dropped as ${reason}`, async () => {
      const weir = await new Harness(DELTA_ONLY).start()
      await weir.send({ at: 0, value }, { at: 0, value: 1 })
      weir.advanceTo(5)
      assert.deepEqual(weir.of('requests{window=1s}'), { 1: 1 })
      assert.equal(weir.context.account.dropped.get(reason), 1)
      assert.equal(weir.context.account.imbalance, 0)
    })
  }

  for (const aggregations of [['avg'], ['stddev'], ['sum']])
    it(`regression: ${aggregations} of values beyond what a number can hold was left out, and not counted`, async () => {
      const weir = await new Harness({ ...DELTA_ONLY, aggregations }).start()
      const more = aggregations[0] === 'sum' ? {} : ({ metric: { kind: 'gauge' } } as const)
      await weir.send({ at: 0, value: 1e308, ...more }, { at: 0.1, value: 1.5e308, ...more })
      weir.advanceTo(5)
      assert.deepEqual(weir.outputs, [])
      assert.equal(weir.context.account.dropped.get('overflow'), 1)
      assert.equal(weir.context.account.imbalance, 0)
    })

  it('folds groups beyond max_groups into one a metric, so that totals stay exact', async () => {
    const weir = await new Harness({ ...DELTA_ONLY, max_groups: 2 }).start()
    for (let i = 0; i < 10; i++) await weir.send({ at: 0, attributes: { user: `${i}` } })
    weir.advanceTo(5)
    assert.deepEqual(weir.of('requests{otel.metric.overflow=true,window=1s}'), { 1: 8 })
    assert.equal(
      weir.outputs.reduce((sum, output) => sum + output.value, 0),
      10
    )
  })

  it('keeps its groups bounded where every event has a name of its own', async () => {
    const weir = await new Harness({ ...DELTA_ONLY, max_groups: 1 }).start()
    const names = Array.from({ length: 20_000 }, (_, i): [number, string, number] => [0, `event-${i}`, 1])
    await weir.sendBlock(events(names))
    weir.advanceTo(5)
    assert.equal(
      weir.outputs.reduce((sum, output) => sum + output.value, 0),
      20_000
    )
    assert.ok(new Set(weir.outputs.map(output => output.series)).size < 10_010)
    assert.ok(weir.of('weir.overflow{otel.metric.overflow=true,window=1s}')[1] > 9000)
  })

  it('keeps closed windows while credits are spent, and sends them after', async () => {
    const context = { ...testContext('windowed_counter'), outputBudget: new CreditPool(100) }
    const weir = await new Harness({ windows: ['1s'], output: ['delta'] }, context).start()
    const held: (() => void)[] = []
    weir.onBatch = batch => void held.push(() => batch.ack())
    for (let at = 0; at < 10; at++) {
      weir.advanceTo(at)
      await weir.send({ at }, { at, attributes: { route: '/a' } }, { at, attributes: { route: '/b' } })
    }
    weir.advanceTo(30)
    assert.equal(held.length, 1, 'more would exceed the credits')
    assert.ok(!weir.host.isReady, 'senders are told to wait')
    for (let i = 0; i < 20; i++) {
      held.shift()?.()
      weir.advanceTo(31 + i)
    }
    assert.ok(weir.host.isReady)
    assert.equal(weir.sumOf('requests{window=1s}'), 10)
    assert.equal(weir.context.account.imbalance, 0)
  })

  it('sends open windows when the stream ends and nothing keeps its state', async () => {
    const weir = await new Harness({ windows: ['1s', '1h'] }).start()
    await weir.send({ at: 0, value: 7 })
    await weir.host.finish()
    assert.ok(weir.host.isFinished)
    assert.equal(weir.sumOf('requests{window=1s}'), 7)
    assert.equal(weir.sumOf('requests{window=1h}'), 7)
  })

  it('forgets groups too of which nothing ever counted', async () => {
    const weir = await new Harness({ windows: ['1s'], late: 'drop' }).start()
    const hour = 3600
    await weir.send({ at: 0.5 })
    weir.advanceTo(100)
    await weir.send(
      { at: 0.5, name: 'late' },
      { at: 24 * hour, name: 'ahead' },
      { at: 100, name: 'no_number', value: Number.NaN }
    )
    assert.equal(weir.readings.get('groups')!(), 4)
    for (let at = 1; at <= 4; at++) {
      weir.advanceTo(at * hour)
      await weir.send({ at: at * hour, name: 'kept' })
    }
    weir.advanceTo(5 * hour)
    assert.equal(weir.readings.get('groups')!(), 1)
  })

  it('evicts groups that stood still; the groups in their place begin from zero', async () => {
    const weir = await new Harness({ windows: ['1s'], output: ['cumulative'] }).start()
    const hour = 3600
    await weir.send({ at: 0.5, value: 3, name: 'first' }, { at: 0.5, value: 5, name: 'kept' })
    for (const at of [0.9, 1.8, 2.7]) {
      weir.advanceTo(at * hour)
      await weir.send({ at: at * hour, value: 1, name: 'kept' })
    }
    weir.advanceTo(3 * hour)
    await weir.send({ at: 3 * hour, value: 7, name: 'second' }, { at: 3 * hour, value: 1, name: 'kept' })
    await weir.send({ at: 3 * hour, value: 9, name: 'first' })
    weir.advanceTo(4 * hour)
    assert.deepEqual(Object.values(weir.of('second{}')), [0, 7])
    assert.deepEqual(Object.values(weir.of('first{}')), [0, 3, 0, 9])
    assert.deepEqual(Object.values(weir.of('kept{}')), [0, 5, 6, 7, 8, 9])
  })
})
