import assert from 'node:assert/strict'
import { it } from 'node:test'
import { FLAG_NO_RECORDED_VALUE, type Histogram } from '../../../sdk/plugin/index.ts'
import { Harness, increments } from './harness.ts'

const OVERFLOW = 'm{otel.metric.overflow=true}'
const metric = { temporality: 'cumulative' } as const
const point = (id: string, at: number, value: number, start = 0) => ({ attributes: { id }, at, value, start, metric })

/** A limiter with one place, which `kept` has. */
function full(config: Record<string, unknown> = {}): Harness {
  const weir = new Harness({ max_series_per_metric: 1, idle_expiry: '1m', ...config })
  weir.send(point('kept', 0, 0))
  weir.advance(100)
  weir.send(point('kept', 100, 0))
  return weir
}

it('folded series add up to one cumulative series that begins with a zero', () => {
  const weir = full()
  weir.send(point('a', 10, 5), point('b', 10, 7))
  weir.send(point('a', 20, 6), point('b', 20, 10))
  assert.deepEqual(
    weir.of(OVERFLOW).map(({ at, value, start }) => [at, value, start]),
    [
      [9.999, 0, 9.999],
      [10, 12, 9.999],
      [20, 16, 9.999]
    ]
  )
  assert.equal(weir.context.account.imbalance, 0)
})

it('a zero that nobody took is sent again, before the total it begins', async () => {
  const weir = full()
  weir.onBatch = batch => batch.nack(new Error('try again'))
  assert.equal(await weir.send(point('a', 10, 5)), 'nacked')
  weir.outputs.length = 0
  const next = weir.restarted({ max_series_per_metric: 1, idle_expiry: '1m' })
  for (const one of [weir, next]) {
    one.onBatch = batch => batch.ack()
    assert.equal(await one.send(point('a', 10, 5)), 'acked')
    one.send(point('a', 20, 6))
    assert.deepEqual(
      one.of(OVERFLOW).map(({ at, value, start }) => [at, value, start]),
      [
        [9.999, 0, 9.999],
        [10.001, 5, 9.999],
        [20, 6, 9.999]
      ]
    )
    assert.equal(one.context.account.imbalance, 0)
  }
})

it('two blocks of one time make two times, for stores keep but one value of a time', () => {
  const weir = full()
  weir.send(point('a', 10, 5))
  weir.send(point('b', 10, 7))
  assert.deepEqual(
    weir.of(OVERFLOW).map(({ at, value }) => [at, value]),
    [
      [9.999, 0],
      [10, 5],
      [10.001, 12]
    ]
  )
})

it('a reset adds the count since; a point that is no newer adds nothing', () => {
  const weir = full()
  for (const [at, value, start] of [
    [10, 5, 0],
    [20, 3, 15],
    [20, 3, 15],
    [14, 9, 0],
    [30, 4, 15],
    [40, 1, 15]
  ])
    weir.send(point('a', at, value, start))
  assert.equal(weir.of(OVERFLOW).at(-1)!.value, 5 + 3 + 1 + 1)
})

it('a series that was counting before anybody looked adds from its second point on, and is counted as unknown', () => {
  const weir = full()
  weir.send(point('old', 10, 500, -5), point('nameless', 10, 500, undefined))
  weir.send({ attributes: { id: 'none' }, at: 10, value: 500, metric })
  weir.send(point('old', 20, 507, -5))
  assert.equal(weir.of(OVERFLOW).at(-1)!.value, 507)
  assert.equal(weir.readings.get('unknown_increments_total')!(), 2)
})

it('up-down counters may fall; the end of a folded series adds nothing', () => {
  const weir = new Harness({ max_series_per_metric: 1 })
  const upDown = (id: string, at: number, value: number) => ({
    ...point(id, at, value),
    metric: { ...metric, kind: 'up_down_counter' as const }
  })
  weir.send(upDown('kept', 0, 0))
  weir.send(upDown('a', 10, 5))
  weir.send(upDown('a', 20, 2))
  weir.send({ ...upDown('a', 30, 0), flags: FLAG_NO_RECORDED_VALUE })
  assert.equal(weir.of(OVERFLOW).at(-1)!.value, 2)
  assert.equal(weir.context.account.imbalance, 0)
})

for (const begins of [350, 400]) {
  it(`a series that loses its place is folded from where it was; one that gets it goes on as if it began anew (${begins})`, () => {
    const weir = new Harness({ max_series_per_metric: 1, idle_expiry: '1m' })
    weir.send(point('first', 0, 10))
    for (let at = 1; at <= 300; at++) {
      weir.send(point('often', at, at))
      weir.advance(1)
    }
    weir.send(point('first', 300, 25))
    const own = weir.of('m{id=often}')
    assert.equal(own[0].value, 0)
    assert.equal(own[1].value, 1)
    assert.equal(own[1].start, own[0].at)
    const sums = increments(weir.outputs)
    assert.equal(sums.get('m{id=first}'), 10)
    assert.equal(sums.get('m{id=often}')! + sums.get(OVERFLOW)!, 300 + 15)
    // It began anew itself: nothing of it was counted elsewhere. When it began need not be known.
    weir.send(point('often', 400, 3, begins))
    assert.equal(weir.outputs.at(-1)!.value, 3)
    assert.equal(weir.context.account.imbalance, 0)
  })
}

it('a series that got its place in a batch that nobody took begins with its zero when that comes again', async () => {
  const weir = new Harness({ max_series_per_metric: 1, idle_expiry: '1m' })
  weir.send(point('first', 0, 10))
  let at = 1
  weir.onBatch = batch => {
    const begins = weir.of('m{id=often}').length > 0
    if (begins) batch.nack(new Error('try again'))
    else batch.ack()
  }
  while ((await weir.send(point('often', at, at))) === 'acked') {
    weir.advance(1)
    at++
  }
  const refused = weir.of('m{id=often}')
  assert.deepEqual([refused[0].value, refused[1].value], [0, 1])
  weir.outputs.length = 0
  weir.onBatch = batch => batch.ack()
  await weir.send(point('often', at, at))
  await weir.send(point('often', at + 1, at + 1))
  const [zero, first, second] = weir.of('m{id=often}')
  assert.deepEqual([zero, first], refused)
  assert.deepEqual([second.value, second.start], [2, zero.at])
  assert.equal(weir.context.account.imbalance, 0)
})

it('totals go on after a restart with the same start time', () => {
  const config = { max_series_per_metric: 1 }
  const weir = new Harness(config)
  weir.send(point('kept', 0, 0), point('a', 10, 5))
  weir.advance(20)
  const next = weir.restarted(config)
  next.send(point('kept', 20, 1), point('a', 20, 9))
  assert.deepEqual(
    next.outputs.map(({ series, value, start }) => [series, value, start]),
    [
      ['m{id=kept}', 1, 0],
      [OVERFLOW, 9, -0.001]
    ]
  )
})

it('a series evicted for want of space does not count again from its start', () => {
  const weir = full({ max_folded_series: 4 })
  for (const [i, id] of ['a', 'b', 'c', 'd', 'e'].entries()) weir.send(point(id, 10 + i, 100))
  assert.equal(weir.of(OVERFLOW).at(-1)!.value, 500)
  assert.equal(weir.readings.get('forgotten_series_total')!(), 2)
  weir.send(point('a', 30, 101))
  assert.equal(weir.of(OVERFLOW).at(-1)!.value, 500, 'too little rather than twice')
  assert.equal(weir.readings.get('unknown_increments_total')!(), 1)
  weir.send(point('new', 50, 7, 40))
  assert.equal(weir.of(OVERFLOW).at(-1)!.value, 507, 'a series that began since then counts')
})

const histogram = (counts: number[], bounds = [1, 2]): Histogram => ({
  kind: 'histogram',
  count: counts.reduce((a, b) => a + b, 0),
  sum: counts[0],
  min: Number.NaN,
  max: Number.NaN,
  bounds,
  counts
})

it('cumulative histograms are added bucket by bucket; of other bounds by those in common', () => {
  const weir = new Harness({ max_series_per_metric: 1 })
  const of = (id: string, at: number, distribution: Histogram) => ({
    attributes: { id },
    at,
    start: 0,
    distribution,
    metric: { ...metric, kind: 'histogram' as const }
  })
  weir.send(of('kept', 1, histogram([1, 1, 1])))
  weir.send(of('a', 10, histogram([1, 2, 3])), of('b', 10, histogram([1, 0, 0])))
  weir.send(of('a', 20, histogram([2, 2, 4])))
  assert.deepEqual((weir.outputs.at(-1)!.distribution as Histogram).counts, [3, 2, 4])
  weir.send(of('c', 30, histogram([1, 1, 1, 1], [1, 1.5, 2])))
  const last = weir.outputs.at(-1)!.distribution as Histogram
  assert.deepEqual([last.bounds, last.counts, last.count], [[1, 2], [4, 4, 5], 13])
})
