import fc from 'fast-check'
import type { DataEntry, Entry } from '../../../core/journal/entry.ts'
import { type Attributes, type AttributeValue, sortAttributes } from '../../../core/model/attributes.ts'
import type { Block } from '../../../core/model/block.ts'
import type { Distribution } from '../../../core/model/distribution.ts'
import type { EventBlock } from '../../../core/model/events.ts'
import { PointBlockBuilder } from '../../../core/model/points.ts'
import type { Metric, Resource, Scope } from '../../../core/model/series.ts'
import type { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { codePoint } from '../../code-point.ts'

const KINDS = ['gauge', 'counter', 'up_down_counter', 'histogram', 'exponential_histogram', 'summary', 'set'] as const

const number = fc.double()
const count = fc.integer({ min: 0, max: 1e9 })
const word = fc.string({ unit: codePoint, maxLength: 6 })

const { value } = fc.letrec<{ value: AttributeValue }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    word,
    fc.double({ noNaN: true }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 9 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(word, tie('value'), { maxKeys: 3, noNullPrototype: true })
  )
}))

export const attributes: fc.Arbitrary<Attributes> = fc
  .array(fc.tuple(word, value), { maxLength: 4 })
  .map(pairs => sortAttributes([...new Map(pairs)]))

const metric: fc.Arbitrary<Metric> = fc.record({
  name: fc.constantFrom('requests', 'latency', 'été ☃'),
  unit: fc.constantFrom('', 's'),
  description: word,
  kind: fc.constantFrom(...KINDS),
  temporality: fc.constantFrom('delta', 'cumulative', 'unspecified')
})
const resource: fc.Arbitrary<Resource> = fc.record({ attributes, schemaUrl: word })
const scope: fc.Arbitrary<Scope> = fc.record({ name: word, version: word, attributes, schemaUrl: word })

const buckets = fc.record({ offset: fc.integer({ min: -50, max: 50 }), counts: fc.array(count, { maxLength: 4 }) })
const basics = { count, sum: number, min: number, max: number }
const distribution: fc.Arbitrary<Distribution> = fc.oneof(
  fc.record({
    kind: fc.constant('histogram' as const),
    ...basics,
    bounds: fc.array(number, { maxLength: 3 }),
    counts: fc.array(count, { maxLength: 4 })
  }),
  fc.record({
    kind: fc.constant('exponential_histogram' as const),
    ...basics,
    scale: fc.integer({ min: -4, max: 20 }),
    zeroCount: count,
    zeroThreshold: number,
    positive: buckets,
    negative: buckets
  }),
  fc.record({
    kind: fc.constant('summary' as const),
    count,
    sum: number,
    quantiles: fc.array(fc.record({ quantile: number, value: number }), { maxLength: 3 })
  }),
  fc.record({ kind: fc.constant('set' as const), members: fc.array(word, { maxLength: 3 }) }),
  fc.record({
    kind: fc.constant('distinct' as const),
    count,
    state: fc.oneof(
      fc.float64Array({ maxLength: 3 }),
      fc.record({ precision: fc.constant(14), sparse: fc.uint32Array({ maxLength: 3 }) }),
      fc.record({ precision: fc.constant(14), registers: fc.uint8Array({ maxLength: 3 }) })
    )
  })
)

const point = fc.record({
  of: fc.nat(7),
  time: number,
  value: number,
  // A start of -0 is as unknown as one of 0.
  start: fc.oneof(fc.constant(0), number).map(start => start || 0),
  flags: fc.constantFrom(0, 0, 1, 255),
  distribution: fc.option(distribution, { nil: undefined, freq: 3 })
})

const event = fc.record({
  time: number,
  name: word,
  id: fc.option(word, { nil: undefined }),
  attributes,
  value: number
})

/** What describes a block; made into one with a registry's series. */
export type BlockPlan = (registry: SeriesTable) => Block

const pointsPlan: fc.Arbitrary<BlockPlan> = fc
  .tuple(
    fc.array(fc.tuple(metric, attributes, resource, scope), { minLength: 1, maxLength: 4 }),
    fc.array(point, { minLength: 1, maxLength: 8 })
  )
  .map(([identities, points]) => registry => {
    const series = identities.map(identity => registry.intern(...identity))
    const builder = new PointBlockBuilder()
    for (const { of, time, value, start, flags, distribution } of points) {
      const own = series[of % series.length]
      if (distribution === undefined) builder.add(own, time, value, start, flags)
      else builder.addDistribution(own, time, distribution, start, flags)
    }
    return builder.build()
  })

const eventsPlan: fc.Arbitrary<BlockPlan> = fc
  .array(event, { minLength: 1, maxLength: 6 })
  .map(events => () => eventBlock(events))

export const entryPlan: fc.Arbitrary<(registry: SeriesTable) => Entry> = fc.oneof(
  fc.record({ kind: fc.constant('tick' as const), time: number }).map(entry => () => entry),
  fc
    .tuple(
      number,
      fc.string(),
      fc.option(word.filter(Boolean), { nil: undefined }),
      fc.constantFrom(
        undefined,
        { key: 'entry7_17', pipelines: undefined },
        { key: 'entry8_17', pipelines: ['é', 'b'] }
      ),
      fc.oneof(pointsPlan, eventsPlan)
    )
    .map(
      ([time, source, request, deadLetter, plan]) =>
        (registry: SeriesTable): Entry => ({
          kind: 'data',
          time,
          source,
          request,
          deadLetter,
          block: plan(registry)
        })
    )
)

export function eventBlock(
  events: readonly {
    readonly time: number
    readonly name: string
    readonly id?: string | undefined
    readonly attributes: Attributes
    readonly value: number
  }[]
): EventBlock {
  return {
    type: 'events',
    length: events.length,
    time: Float64Array.from(events, ({ time }) => time),
    value: Float64Array.from(events, ({ value }) => value),
    name: events.map(({ name }) => name),
    id: events.map(({ id }) => id),
    attributes: events.map(({ attributes }) => attributes)
  }
}

/** An entry that is told by its name, `bytes` large. */
export function namedEntry(name: string, bytes = 0, time = 1_700_000_000_000): DataEntry {
  const block = eventBlock([{ time, name, id: undefined, attributes: [['x', 'x'.repeat(bytes)]], value: 1 }])
  return { kind: 'data', time, source: 'test', request: undefined, block }
}

export function nameOf(entry: Entry): string {
  if (entry.kind !== 'data' || entry.block.type !== 'events') throw new Error(`not a named entry: ${entry.kind}`)
  return entry.block.name[0]
}

/** What entries mean, free of the objects they were made of. */
export function plain(entry: Entry): unknown {
  if (entry.kind === 'tick' || entry.block.type === 'events') return unshared(entry)
  const { block } = entry
  const series = [...block.series].map(({ metric, attributes, resource, scope }) => ({
    metric,
    attributes,
    resource,
    scope
  }))
  return unshared({ ...entry, block: { ...block, series, distributions: [...block.distributions] } })
}

// Buffers and byte arrays of the same bytes are the same attribute, and so are 0 and -0.
function unshared(value: unknown): unknown {
  if (value === 0) return 0
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) return value.map(unshared)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unshared(inner)]))
}
