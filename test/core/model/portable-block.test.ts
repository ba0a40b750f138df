import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { Block } from '../../../core/model/block.ts'
import type { PointBlock } from '../../../core/model/points.ts'
import { PointBlockBuilder } from '../../../core/model/points.ts'
import {
  PortableBlockReader,
  PortableBlockWriter,
  type ReadBlock,
  transferables
} from '../../../core/model/portable-block.ts'
import { type Metric, NO_SCOPE } from '../../../core/model/series.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { expireIdle } from './series-table/idle-series.ts'

const METRIC: Metric = { name: 'requests', unit: '1', description: 'of clients', kind: 'counter', temporality: 'delta' }
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

/** Two threads, as far as blocks can tell. */
class Crossing {
  readonly from: SeriesTable
  readonly to: SeriesTable
  readonly writer: PortableBlockWriter
  readonly reader: PortableBlockReader

  constructor({ maxSeries }: { readonly maxSeries?: number } = {}) {
    this.from = new SeriesTable()
    this.to = new SeriesTable(maxSeries === undefined ? {} : { maxSeries })
    this.writer = new PortableBlockWriter(this.from)
    this.reader = new PortableBlockReader(this.to)
  }

  cross(block: Block): ReadBlock {
    const portable = this.writer.write(block)
    return this.reader.read(structuredClone(portable, { transfer: transferables(portable) }))
  }

  /** A block of these series: one point each, whose value is its place. */
  block(names: readonly string[], metric = METRIC): PointBlock {
    const builder = new PointBlockBuilder(1)
    for (const [i, name] of names.entries()) {
      const resource = { attributes: [['host', name < 'd' ? 'x' : 'y'] as const], schemaUrl: '' }
      builder.add(this.from.intern(metric, [['name', name]], resource, NO_SCOPE), 1000 + i, i, 500 + i, i % 2)
    }
    return builder.build()
  }
}

it('points arrive with their series, times, values and flags, whatever series went in between', async () => {
  const names = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 12 })
  const step = fc.oneof(
    { weight: 4, arbitrary: names },
    { weight: 1, arbitrary: fc.constantFrom('expire', 'expire there') }
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async steps => {
      const crossing = new Crossing()
      for (const step of steps) {
        if (step === 'expire') await expireIdle(crossing.from)
        else if (step === 'expire there') await expireIdle(crossing.to)
        else assertSame(crossing.block(step as string[]), crossing)
      }
    }),
    { numRuns: 30 }
  )
})

function assertSame(sent: PointBlock, crossing: Crossing): void {
  const { block, refusedPoints } = crossing.cross(sent) as ReadBlock & { block: PointBlock }
  assert.equal(refusedPoints, 0)
  assert.equal(block.series.table, crossing.to)
  assert.deepEqual(keysOf(block), keysOf(sent))
  for (const column of ['time', 'start', 'value', 'flags'] as const)
    assert.deepEqual([...block[column]], [...sent[column]], column)
}

const keysOf = ({ series }: PointBlock) => [...series].map(({ key }) => key)

it('a series is defined once, and again only after it had gone', async () => {
  const crossing = new Crossing()
  const { writer, from } = crossing
  const definedIn = (names: string[]) => {
    const portable = writer.write(crossing.block(names))
    return portable.type === 'points' ? (portable.definitions?.ids.length ?? 0) : -1
  }
  assert.equal(definedIn(['a', 'b', 'a']), 2)
  assert.equal(definedIn(['b', 'a']), 0)
  await expireIdle(from)
  assert.equal(from.size, 0, 'the writer keeps no series')
  assert.equal(definedIn(['b']), 1)
})

it('the reader keeps a series for as long as the writer has it, and no longer', async () => {
  const crossing = new Crossing()
  const held = crossing.from.intern(METRIC, [['name', 'held']])
  const builder = new PointBlockBuilder()
  builder.add(held, 1, 1)
  crossing.cross(builder.build())
  crossing.cross(crossing.block(['a', 'b']))
  await expireIdle(crossing.to)
  assert.equal(crossing.to.size, 3)
  await expireIdle(crossing.from)
  crossing.cross(crossing.block(['c']))
  await expireIdle(crossing.to)
  assert.equal(crossing.to.size, 2, 'the held one and c')
  assert.equal(held.id, crossing.from.idOf(METRIC, [['name', 'held']]))
})

it('points of series for which there is no room stay out, and come through once there is', async () => {
  const crossing = new Crossing({ maxSeries: 2 })
  // Blocks are not kept, for they would keep their series.
  const cross = (names: string[]) => {
    const { block, refusedPoints, refusedSeries } = crossing.cross(crossing.block(names))
    crossing.writer.refused(refusedSeries)
    return [refusedPoints, refusedSeries.length, [...(block as PointBlock).value]] as const
  }
  assert.deepEqual(cross(['a', 'b']), [0, 0, [0, 1]])
  assert.deepEqual(cross(['c', 'a', 'd', 'b', 'c']), [3, 2, [1, 3]])
  assert.deepEqual(cross(['c']), [1, 1, []], 'it is defined anew, and refused again')
  await expireIdle(crossing.from)
  cross([])
  await expireIdle(crossing.to)
  assert.deepEqual(cross(['c']), [0, 0, [0]])
})

it('distributions and events arrive as they were', () => {
  const crossing = new Crossing()
  const histogram: Metric = { ...METRIC, kind: 'histogram' }
  const builder = new PointBlockBuilder()
  const distribution = { kind: 'histogram', count: 3, sum: 4, min: 1, max: 2, bounds: [1], counts: [1, 2] } as const
  builder.addDistribution(crossing.from.intern(histogram, []), 5, distribution)
  const sent = builder.build()
  const { block } = crossing.cross(sent) as { block: PointBlock }
  assert.deepEqual([...block.distributions], [...sent.distributions])
  const events: Block = {
    type: 'events',
    length: 2,
    time: Float64Array.of(1, 2),
    value: Float64Array.of(1, 5),
    name: ['signup', 'click'],
    id: [undefined, 'x'],
    attributes: [[['plan', 'pro']], [['n', 2n ** 60n]]]
  }
  assert.deepEqual(crossing.cross(events).block, events)
})

it('regression: a writer that had nothing more to write never said which series had gone', async () => {
  const crossing = new Crossing()
  crossing.cross(crossing.block(['a', 'b']))
  await expireIdle(crossing.from)
  crossing.reader.release(crossing.writer.takeGone())
  await expireIdle(crossing.to)
  assert.equal(crossing.to.size, 0)
})
