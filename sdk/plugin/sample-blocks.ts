import type { Block } from '../../core/model/block.ts'
import { type Distribution, observation } from '../../core/model/distribution.ts'
import type { EventBlock } from '../../core/model/events.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlock, PointBlockBuilder } from '../../core/model/points.ts'
import type { Metric, MetricKind, Temporality } from '../../core/model/series.ts'
import type { SeriesTable } from '../../core/model/series-table/series-table.ts'
import type { Plugin } from '../../core/plugin/contract.ts'

/** Around when the samples are, Unix ms. */
export const NOW = 1_700_000_000_000

const BUCKETS = { offset: -1, counts: [1, 0, 2] }
const EXPONENTIAL: Distribution = {
  kind: 'exponential_histogram',
  count: 4,
  sum: 6.5,
  min: 0,
  max: 4,
  scale: 0,
  zeroCount: 1,
  zeroThreshold: 0,
  positive: BUCKETS,
  negative: { offset: 0, counts: [] }
}
const EXPLICIT: Distribution = {
  kind: 'histogram',
  count: 3,
  sum: 4.5,
  min: 1,
  max: 2,
  bounds: [1, 2],
  counts: [1, 2, 0]
}
const SUMMARY: Distribution = { kind: 'summary', count: 2, sum: 3, quantiles: [{ quantile: 0.5, value: 1 }] }

const SKETCH: Distribution = { kind: 'distinct', count: 3, state: Float64Array.of(1, 2, 3) }

/** One of every kind of block that a component of this plugin may be given. */
export function blocksFor(plugin: Plugin, series: SeriesTable): [name: string, block: Block][] {
  const blocks: [string, Block][] = []
  if (plugin.kind === 'extension') return blocks
  const input = plugin.kind === 'receiver' ? plugin.ports.out : plugin.ports.in
  if (input !== 'events') blocks.push(...pointBlocks(series))
  if (input !== 'points') blocks.push(['no events', events(0)], ['events', events(3)])
  return blocks
}

/** A block of points of each kind. */
export function pointBlocks(series: SeriesTable): [string, PointBlock][] {
  const of = (
    kind: MetricKind,
    temporality: Temporality,
    ...values: (number | Distribution)[]
  ): [string, PointBlock] => {
    const metric: Metric = { name: `a.${kind}`, unit: 's', description: 'About it.', kind, temporality }
    return [`${temporality} ${kind}`, points(series, metric, values)]
  }
  const ended = new PointBlockBuilder()
  const gauge: Metric = { name: 'a.gauge', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' }
  ended.add(series.intern(gauge, []), NOW, Number.NaN, 0, FLAG_NO_RECORDED_VALUE)
  return [
    ['no points', new PointBlockBuilder().build()],
    of('counter', 'delta', 1, 2, 0),
    of('counter', 'cumulative', 10, 12, 3),
    of('up_down_counter', 'delta', 1, -2),
    of('up_down_counter', 'cumulative', 5, -5),
    of('gauge', 'unspecified', 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY),
    of('histogram', 'delta', EXPLICIT, observation(0.25, 4)),
    of('histogram', 'cumulative', EXPLICIT, EXPLICIT),
    of('exponential_histogram', 'delta', EXPONENTIAL),
    of('exponential_histogram', 'cumulative', EXPONENTIAL),
    of('summary', 'unspecified', SUMMARY),
    of('set', 'delta', { kind: 'set', members: ['a', 'b'] }, SKETCH),
    ['the end of a series', ended.build()]
  ]
}

/** One point a second of one series, from {@link NOW} on. */
function points(series: SeriesTable, metric: Metric, values: readonly (number | Distribution)[]): PointBlock {
  const builder = new PointBlockBuilder()
  const own = series.intern(metric, [
    ['code', 200],
    ['route', '/']
  ])
  for (const [i, value] of values.entries()) {
    const time = NOW + i * 1000
    if (typeof value === 'number') builder.add(own, time, value, NOW - 1000)
    else builder.addDistribution(own, time, value, NOW - 1000)
  }
  return builder.build()
}

function events(length: number): EventBlock {
  const each = <T>(make: (i: number) => T) => Array.from({ length }, (_, i) => make(i))
  return {
    type: 'events',
    length,
    time: Float64Array.from(each(i => NOW + i * 1000)),
    name: each(() => 'signup'),
    id: each(i => (i === 0 ? undefined : `e${i}`)),
    attributes: each(() => [['plan', 'pro']]),
    value: Float64Array.from(each(i => i))
  }
}
