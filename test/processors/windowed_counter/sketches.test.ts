import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Batch, type EventBlock, type PointBlock } from '../../../sdk/plugin/index.ts'
import { EPOCH, Harness } from './harness.ts'

const QUANTILES = [0, 0.1, 0.5, 0.9, 0.99, 1]

function events(values: readonly number[], attributes: (i: number) => Record<string, string> = () => ({})): EventBlock {
  return {
    type: 'events',
    length: values.length,
    time: new Float64Array(values.length).fill(EPOCH),
    name: values.map(() => 'upload'),
    id: values.map(() => undefined),
    attributes: values.map((_, i) => Object.entries(attributes(i))),
    value: Float64Array.from(values)
  }
}

/** Any finite double of the sizes that things have, of either sign. */
const magnitude = fc.tuple(fc.double({ min: 1, max: 10, noNaN: true }), fc.integer({ min: -9, max: 9 }))
const number = fc.tuple(magnitude, fc.boolean()).map(([[digits, power], negative]) => {
  const value = digits * 10 ** power
  return negative ? -value : value
})

describe('windowed_counter, quantiles', () => {
  for (const relativeError of [0.001, 0.01, 0.1])
    it(`are within ${relativeError} of the value of their rank`, async () => {
      const config = {
        windows: ['10s'],
        output: ['delta'],
        aggregations: ['quantiles'],
        quantiles: QUANTILES,
        relative_error: relativeError
      }
      await fc.assert(
        fc.asyncProperty(fc.array(fc.oneof(number, fc.constant(0)), { minLength: 1, maxLength: 200 }), async values => {
          const weir = await new Harness(config).start()
          await weir.sendBlock(events(values))
          weir.advanceTo(20)
          const sorted = values.toSorted((a, b) => a - b)
          for (const quantile of QUANTILES) {
            const exact = sorted[Math.floor(quantile * (sorted.length - 1))]
            const [seen] = Object.values(weir.of(`upload.quantiles{quantile=${quantile},window=10s}`))
            const off = Math.abs(seen - exact)
            assert.ok(off <= Math.abs(exact) * relativeError * (1 + 1e-9), `${quantile}: ${seen} for ${exact}`)
          }
        }),
        { numRuns: 40 }
      )
    })

  it('of an hour are those of all its values, not of its minutes’ quantiles', async () => {
    const weir = await new Harness({
      windows: ['1m', '1h'],
      output: ['delta'],
      aggregations: ['quantiles'],
      quantiles: [0.5]
    }).start()
    // 9 values of 1 in one minute, one of 100 in each of three others: no median of medians comes to 1.
    for (const [minute, values] of [new Array(9).fill(1), [100], [100], [100]].entries()) {
      weir.advanceTo(minute * 60)
      await weir.sendBlock({ ...events(values), time: new Float64Array(values.length).fill(EPOCH + minute * 60_000) })
    }
    weir.advanceTo(2 * 3600)
    const [median] = Object.values(weir.of('upload.quantiles{quantile=0.5,window=1h}'))
    assert.ok(Math.abs(median - 1) <= 0.01, `${median}`)
  })
})

describe('windowed_counter, unique', () => {
  const STANDARD_ERROR = 1.04 / Math.sqrt(2 ** 14)
  for (const [distinct, most] of [
    [1, 0],
    [512, 0],
    [5000, 3 * STANDARD_ERROR],
    [200_000, 3 * STANDARD_ERROR]
  ])
    it(`of ${distinct} is within ${(most * 100).toFixed(1)} %`, async () => {
      const config = { windows: ['10s'], output: ['delta'], aggregations: ['unique'], attribute: 'user' }
      const weir = await new Harness(config).start()
      for (let from = 0; from < distinct; from += 10_000) {
        const users = Math.min(10_000, distinct - from)
        await weir.sendBlock(events(new Array(users).fill(1), i => ({ user: `user-${from + i}` })))
      }
      await weir.sendBlock(events([1, 1], () => ({ user: 'user-0' })))
      weir.advanceTo(20)
      const [seen] = Object.values(weir.of('upload.unique{window=10s}'))
      assert.ok(Math.abs(seen - distinct) <= distinct * most, `${seen}`)
    })
})

describe('windowed_counter in partitions', () => {
  const SERIES = 40
  const PARTITIONS = 4
  const FIRST = { windows: ['1s'], output: ['delta'] }
  const SECOND = { windows: ['10s', { size: '20s', every: '5s' }], by: ['route'], output: ['delta', 'cumulative'] }

  it('one stream through one instance and through four, merged: the same bytes', async () => {
    const points = fc.array(
      fc.record({
        series: fc.nat(SERIES - 1),
        at: fc.integer({ min: 0, max: 30_000 }),
        value: fc.integer({ min: 1, max: 1000 }),
        kind: fc.constantFrom('counter' as const, 'timer' as const, 'set' as const)
      }),
      { maxLength: 150 }
    )
    await fc.assert(
      fc.asyncProperty(points, async points => {
        const whole = await through([points])
        const parts = await through(
          Array.from({ length: PARTITIONS }, (_, part) =>
            points.filter(({ series }) => hash(series) % PARTITIONS === part)
          )
        )
        assert.deepEqual(parts, whole)
        assert.equal(whole.length > 0, points.length > 0)
      }),
      { numRuns: 25 }
    )
  })

  type Point = { series: number; at: number; value: number; kind: 'counter' | 'timer' | 'set' }

  /** Each part through an instance of its own, all that comes of them through one more. Returns that one's output. */
  async function through(parts: readonly (readonly Point[])[]): Promise<unknown[]> {
    const merging = await new Harness({ ...SECOND, allowed_lateness: '1m' }).start()
    const blocks: PointBlock[] = []
    merging.onBatch = batch => {
      blocks.push(batch.block as PointBlock)
      batch.ack()
    }
    for (const part of parts) {
      const partition = await new Harness({ ...FIRST, allowed_lateness: '1m' }, { ...merging.context }).start()
      partition.onBatch = batch =>
        void merging.host.push(Batch.of({ source: 'partition' }, batch.block, () => batch.ack()))
      for (const point of part) await partition.sendBlock(blockOf(partition, point))
    }
    merging.advanceTo(300)
    return blocks.flatMap(rowsOf).sort((a, b) => (a.key < b.key ? -1 : 1))
  }
  function blockOf(weir: Harness, { series, at, value, kind }: Point): PointBlock {
    const attributes = { route: `/${series % 3}`, host: `${series}` }
    const metric = kind === 'timer' ? 'histogram' : kind
    const block = weir.block([{ at: at / 1000, value, name: kind, attributes, metric: { kind: metric } }])
    if (kind === 'counter') return block
    const distribution =
      kind === 'set'
        ? { kind, members: [`user-${value}`] }
        : { kind: 'histogram' as const, count: 1, sum: value, min: value, max: value, bounds: [], counts: [] }
    return { ...block, distributions: new Map([[0, distribution]]) }
  }

  function rowsOf({ length, series, time, start, value, distributions }: PointBlock) {
    return Array.from({ length }, (_, i) => ({
      key: `${series.at(i).key} ${time[i]}`,
      start: start[i],
      value: value[i],
      distribution: distributions.get(i)
    }))
  }

  const hash = (series: number) => Math.imul(series + 1, 0x9e3779b1) >>> 16
})
