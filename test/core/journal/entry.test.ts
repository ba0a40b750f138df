import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteReader } from '../../../core/journal/bytes.ts'
import type { Entry } from '../../../core/journal/entry.ts'
import { EntryDecoder } from '../../../core/journal/entry-decoder.ts'
import { EntryEncoder } from '../../../core/journal/entry-encoder.ts'
import { PointBlockBuilder } from '../../../core/model/points.ts'
import { SeriesColumn } from '../../../core/model/series-table/series-column.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { entryPlan, namedEntry, plain } from './blocks.ts'

const HEAD = 5

test('entries come back as they were, over several frames and segments', () => {
  const frames = fc.array(fc.array(entryPlan, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(fc.array(frames, { minLength: 1, maxLength: 2 }), segments => {
      const [writing, reading] = [new SeriesTable(), new SeriesTable()]
      for (const frames of segments) {
        const [encoder, decoder] = [new EntryEncoder(HEAD), new EntryDecoder(reading)]
        for (const plans of frames) {
          const entries = plans.map(plan => plan(writing))
          for (const entry of entries) encoder.add(entry)
          const read = decoder.decode(new ByteReader(Buffer.from(encoder.take().subarray(HEAD))))
          assert.deepEqual(read.map(plain), entries.map(plain))
        }
      }
    }),
    { numRuns: 300 }
  )
})

test('a series is one object again, and is defined once a segment', () => {
  const registry = new SeriesTable()
  const metric = { name: 'a', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  const series = registry.intern(metric, [['k', 'v']])
  const column = () => new Float64Array(1)
  const block = {
    type: 'points' as const,
    length: 1,
    series: new SeriesColumn(registry, Uint32Array.of(series.id)),
    time: column(),
    start: column(),
    value: column(),
    flags: new Uint8Array(1),
    distributions: new Map()
  }
  const entry: Entry = { kind: 'data', time: 1, source: 's', request: undefined, block }
  const encoder = new EntryEncoder(0)
  const lengths = [1, 2, 3].map(() => {
    encoder.add(entry)
    return encoder.take().length
  })
  assert.ok(lengths[0] > lengths[1], 'the first carries the definition')
  assert.equal(lengths[1], lengths[2])
  encoder.add(entry)
  encoder.add(entry)
  const fresh = new EntryEncoder(0)
  fresh.add(entry)
  fresh.add(entry)
  const [first, second] = new EntryDecoder(registry).decode(new ByteReader(Buffer.from(fresh.take())))
  for (const read of [first, second]) {
    assert.ok(read.kind === 'data' && read.block.type === 'points')
    assert.equal(read.block.series.at(0), series)
  }
})

test('an entry cut off at any byte throws and is never half an entry', () => {
  const encoder = new EntryEncoder(0)
  encoder.add(namedEntry('one', 3))
  const bytes = Buffer.from(encoder.take())
  for (let length = 1; length < bytes.length; length++)
    assert.throws(() => new EntryDecoder(new SeriesTable()).decode(new ByteReader(bytes.subarray(0, length))))
})

test('series that are foreseen are defined some at a time, and not again when they come', () => {
  const registry = new SeriesTable()
  const metric = { name: 'a', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  const builder = new PointBlockBuilder()
  for (let i = 0; i < 10; i++) builder.add(registry.intern(metric, [['k', String(i)]]), 1, i)
  const block = builder.build()
  const entry: Entry = { kind: 'data', time: 1, source: 's', request: undefined, deadLetter: undefined, block }
  const [foreseeing, plain] = [new EntryEncoder(0), new EntryEncoder(0)]
  const grown = [4, 4, 4, 4].map(most => {
    foreseeing.foresee(block, most)
    return foreseeing.take().length
  })
  assert.ok(grown[0] > grown[2] && grown[2] > 0)
  assert.equal(grown[3], 0)
  foreseeing.add(entry)
  plain.add(entry)
  plain.take()
  plain.add(entry)
  assert.equal(foreseeing.take().length, plain.take().length)
  foreseeing.beginSegment()
  foreseeing.foresee(block, 4)
  foreseeing.add(entry)
  const [read] = new EntryDecoder(registry).decode(new ByteReader(Buffer.from(foreseeing.take())))
  assert.deepEqual(read, entry)
})

test('an entry of a type that is not known throws: it is of another Weir', () => {
  for (const type of [6, 15, 16, 17, 21, 255]) {
    const bytes = Buffer.alloc(100)
    bytes[0] = type
    assert.throws(
      () => new EntryDecoder(new SeriesTable()).decode(new ByteReader(bytes)),
      new RangeError(`unknown entry type ${type}: another version of Weir wrote it`)
    )
  }
})
