import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WeirRecordDecoder, WeirRecordEncoder } from '../../../core/kafka/weir-record.ts'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { PointBlockBuilder } from '../../../core/model/points.ts'
import { saveBlock } from '../../../core/model/saved-blocks.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'

function points() {
  const table = new SeriesTable()
  const builder = new PointBlockBuilder()
  const metric = { name: 'requests', unit: '1', description: 'all', kind: 'counter', temporality: 'delta' } as const
  for (let i = 0; i < 100; i++) builder.add(table.intern(metric, [['client', `c${i % 7}`]]), 1000 + i, i / 8)
  return builder.build()
}

function events() {
  const builder = new EventBlockBuilder()
  for (let i = 0; i < 20; i++)
    builder.add(1000 + i, 'login', [['user', `u${i}`]], i % 2 === 0 ? `id${i}` : undefined, i)
  return builder.build()
}

for (const block of [points(), events()]) {
  const bytes = new WeirRecordEncoder().encode(block)
  test(`a record of ${block.type} has all of them, in a process that knows no series`, () => {
    assert.deepEqual(saveBlock(new WeirRecordDecoder(new SeriesTable()).decode(bytes)), saveBlock(block))
  })

  test(`a damaged record of ${block.type} is refused, or has other items, and nothing else happens`, () => {
    for (let at = 0; at < bytes.length; at += 5) {
      const damaged = Buffer.from(bytes)
      damaged[at] ^= 0x55
      try {
        new WeirRecordDecoder(new SeriesTable()).decode(damaged)
      } catch (error) {
        assert.equal((error as Error).name, 'BadInputError', `byte ${at}: ${error}`)
      }
    }
    for (let length = 0; length < bytes.length; length += 5)
      assert.throws(() => new WeirRecordDecoder(new SeriesTable()).decode(bytes.subarray(0, length)), {
        name: 'BadInputError'
      })
  })
}

test('a record of few bytes that says it has four thousand million events takes no memory for them', () => {
  const bytes = new WeirRecordEncoder().encode(events())
  // Behind the version, the entry's type, its time, and two empty texts.
  const at = 1 + 1 + 8 + 4 + 4
  assert.equal(bytes.readUInt32LE(at), 20)
  bytes.writeUInt32LE(0xffff_ffff, at)
  assert.throws(() => new WeirRecordDecoder(new SeriesTable()).decode(bytes), /damaged: 4294967295 events in \d+ bytes/)
})
