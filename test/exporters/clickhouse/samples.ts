import {
  type Distribution,
  type EventBlock,
  NO_RESOURCE,
  PointBlockBuilder,
  type SeriesTable
} from '../../../sdk/plugin/index.ts'

/** A whole 10 s, in Unix ms. */
export const T = 1_760_000_000_000

type Registry = Pick<SeriesTable, 'intern'>

export function counter(registry: Registry, name: string, attributes: Record<string, string>, temporality = 'delta') {
  const metric = { name, unit: '1', description: 'requests', kind: 'counter', temporality } as const
  return registry.intern(metric as never, Object.entries(attributes).sort(), NO_RESOURCE)
}

/** `points` points of `series` series, one a second each. */
export function counterBlock(registry: Registry, points: number, series: number, name = 'http_requests') {
  const builder = new PointBlockBuilder(points)
  const all = Array.from({ length: series }, (_, i) => counter(registry, name, { route: `/r${i}`, window: '10s' }))
  for (let i = 0; i < points; i++) builder.add(all[i % series], T + Math.floor(i / series) * 1000, i, T)
  return builder.build()
}

/** One of each kind of distribution there is. */
export const DISTRIBUTIONS: readonly Distribution[] = [
  { kind: 'histogram', count: 6, sum: 10.5, min: 0.5, max: 4, bounds: [1, 2], counts: [3, 2, 1] },
  { kind: 'histogram', count: 2 ** 53, sum: 3, min: Number.NaN, max: Number.NaN, bounds: [], counts: [] },
  {
    kind: 'exponential_histogram',
    count: 7,
    sum: 11,
    min: -2,
    max: 8,
    scale: 3,
    zeroCount: 1,
    zeroThreshold: 1e-9,
    positive: { offset: -2, counts: [1, 0, 3] },
    negative: { offset: 4, counts: [2] }
  },
  {
    kind: 'summary',
    count: 9,
    sum: 12,
    quantiles: [
      { quantile: 0.5, value: 1.25 },
      { quantile: 0.99, value: 4 }
    ]
  },
  { kind: 'set', members: ['ann', 'böb', ''] },
  { kind: 'distinct', count: 2, state: { precision: 14, sparse: Uint32Array.of(3 * 64 + 5, 16_383 * 64 + 1) } },
  { kind: 'distinct', count: 9, state: { precision: 14, registers: Uint8Array.of(0, 7, 51) } }
]

export function distributionBlock(registry: Registry) {
  const builder = new PointBlockBuilder()
  for (const [i, distribution] of DISTRIBUTIONS.entries()) {
    const kind = distribution.kind === 'distinct' ? 'set' : distribution.kind
    const metric = { name: `d${i}`, unit: 's', description: '', kind, temporality: 'delta' } as const
    builder.addDistribution(registry.intern(metric, []), T + i, distribution, T)
  }
  return builder.build()
}

/** A point at each of `times`, each of a series of its own. */
export function pointBlockOf(registry: Registry, times: readonly number[], rollup?: string) {
  const builder = new PointBlockBuilder()
  for (const [i, time] of times.entries()) {
    const attributes = { route: `/r${i}`, ...(rollup === undefined ? {} : { rollup }) }
    builder.add(counter(registry, 'http_requests', attributes), time, i)
  }
  return builder.build()
}

/** An event without an id at each of `times`. */
export function eventBlockOf(times: readonly number[]): EventBlock {
  const { length } = times
  return {
    type: 'events',
    length,
    time: Float64Array.from(times),
    value: new Float64Array(length).fill(1),
    name: times.map(() => 'signup'),
    id: times.map(() => undefined),
    attributes: times.map(() => [])
  }
}
