import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KafkaRecord } from '@platformatic/kafka'
import { BadInputError } from '../../../core/errors.ts'
import type { RecordBatch } from '../../../core/kafka/record-batch.ts'
import { encodeRecordId, RECORD_ID_HEADER } from '../../../core/kafka/record-id.ts'
import { CLIENT_HEADER, requestIn } from '../../../core/kafka/sender-headers.ts'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { PointBlockBuilder } from '../../../core/model/points.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { RecordEntries } from '../../../receivers/kafka/partition-entries.ts'
import type { Tick } from '../../../receivers/kafka/progress.ts'

const PRODUCER = Buffer.alloc(16, 7)
const BATCH_BYTES = 100

function batch(
  firstOffset: number,
  time: number,
  values: readonly string[],
  numbers: readonly number[] = [],
  requests: readonly (string | undefined)[] = []
): RecordBatch {
  const records = values.map((value, offsetDelta) => ({
    offsetDelta,
    length: value.length,
    value: Buffer.from(value),
    headers: [
      ...(numbers[offsetDelta] === undefined
        ? []
        : [[Buffer.from(RECORD_ID_HEADER), encodeRecordId(PRODUCER, BigInt(numbers[offsetDelta]))]]),
      ...(requests[offsetDelta] === undefined ? [] : [[Buffer.from(CLIENT_HEADER), Buffer.from(requests[offsetDelta])]])
    ]
  }))
  return {
    firstOffset,
    end: firstOffset + values.length,
    attributes: 0,
    maxTimestamp: time,
    producerId: -1n,
    length: values.length,
    bytes: Buffer.alloc(BATCH_BYTES),
    forEach(use) {
      for (const record of records) use(record as KafkaRecord)
    }
  }
}

/** Entries whose items are named by the values of records; `bad` cannot be read. */
function entriesFrom(next: number, ticks: readonly Tick[] = []) {
  const dead: number[] = []
  const counts = { repeated: 0 }
  const entries = new RecordEntries(next, ticks, {
    decode({ value }: KafkaRecord, time) {
      if (String(value) === 'bad') throw new BadInputError('it is bad')
      if (String(value).startsWith('point')) return { block: onePoint(time), rejected: new Map() }
      const builder = new EventBlockBuilder()
      builder.add(time, String(value), [], undefined, 1)
      return { block: builder.build(), rejected: new Map() }
    },
    requestOf: ({ headers }) => requestIn(headers),
    rejected() {},
    repeated: () => counts.repeated++,
    deadLetter: (_record, offset) => dead.push(offset)
  })
  return { entries, dead, counts }
}

function onePoint(time: number) {
  const builder = new PointBlockBuilder()
  const metric = { name: 'requests', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  builder.add(new SeriesTable().intern(metric, []), time, 1)
  return builder.build()
}

const shown = (entries: RecordEntries) => {
  const seen: string[] = []
  for (let entry = entries.read(); entry !== undefined; entry = entries.read()) {
    const { number, time, block } = entry
    seen.push(`${number}@${time} ${block?.type === 'events' ? block.name.join() : (block?.type ?? '-')}`)
  }
  return seen
}

test('a batch is one entry, with the offset of its last record and a time that never goes back', () => {
  const { entries } = entriesFrom(0)
  entries.add([batch(0, 100, ['a', 'b']), batch(2, 90, ['c'])])
  assert.equal(entries.unread, 2)
  assert.deepEqual(shown(entries), ['1@100 a,b', '2@100 c'])
})

test('records before the offset at which it begins are left out', () => {
  const { entries } = entriesFrom(1)
  entries.add([batch(0, 100, ['a', 'b'])])
  assert.deepEqual(shown(entries), ['1@100 b'])
})

test('records that cannot be read are told with their offset, and the partition goes on', () => {
  const { entries, dead } = entriesFrom(0)
  entries.add([batch(0, 100, ['bad', 'b']), batch(2, 110, ['bad'])])
  assert.deepEqual(shown(entries), ['1@100 b', '2@110 -'])
  assert.deepEqual(dead, [0, 2])
})

test('ticks of an earlier run come at the places where they were', () => {
  const { entries } = entriesFrom(0, [
    [1, 150],
    [2, 300]
  ])
  entries.add([batch(0, 100, ['a']), batch(1, 120, ['b']), batch(2, 200, ['c'])])
  assert.deepEqual(shown(entries), ['0@100 a', '0@150 -', '1@150 b', '1@300 -', '2@300 c'])
})

test('nothing is read while it is not known whether a tick was committed', () => {
  const { entries } = entriesFrom(0)
  entries.add([batch(0, 100, ['a'])])
  entries.isHeld = true
  assert.deepEqual([entries.unread, entries.read()], [0, undefined])
  entries.addTick(90)
  entries.isHeld = false
  assert.deepEqual(shown(entries), ['-1@90 -', '0@100 a'])
})

test('records that a producer sent again are left out, in one batch and in the next', () => {
  const { entries, counts } = entriesFrom(0)
  entries.add([batch(0, 100, ['a', 'a', 'b'], [0, 0, 1]), batch(3, 110, ['b', 'c'], [1, 2])])
  assert.deepEqual(shown(entries), ['2@100 a,b', '4@110 c'])
  assert.equal(counts.repeated, 2)
})

test('a state that is taken while an entry waits to be forwarded does not know its records', () => {
  for (const [forwardedBefore, repeated] of [
    [0, false],
    [1, true]
  ] as const) {
    const { entries } = entriesFrom(0)
    entries.add([batch(0, 100, ['a'], [0])])
    entries.forwardedBefore = () => forwardedBefore
    entries.read()
    const next = entriesFrom(forwardedBefore)
    next.entries.restore(entries.snapshot())
    next.entries.add([batch(forwardedBefore, 120, ['a'], [0])])
    assert.deepEqual(shown(next.entries), [`${forwardedBefore}@120 ${repeated ? '-' : 'a'}`])
  }
})

test('batches that two brokers sent while the partition moved count once', () => {
  const { entries } = entriesFrom(0)
  entries.add([batch(0, 100, ['a', 'b']), batch(2, 110, ['c'])])
  assert.deepEqual(shown(entries), ['1@100 a,b', '2@110 c'])
  entries.add([batch(0, 100, ['a', 'b']), batch(2, 110, ['c']), batch(3, 120, ['d'])])
  assert.deepEqual([entries.unread, shown(entries)], [1, ['3@120 d']])
})

test('the room that batches take is that of their bytes as they came', () => {
  const { entries } = entriesFrom(0)
  entries.add([batch(0, 100, ['a', 'b']), batch(2, 100, ['c'])])
  assert.equal(entries.bytes, 2 * BATCH_BYTES)
  entries.read()
  assert.equal(entries.bytes, BATCH_BYTES)
})

test('a batch whose records cannot be read is a dead letter with its bytes, and the partition goes on', () => {
  const { entries, dead } = entriesFrom(0)
  const fail = () => {
    throw new BadInputError('it cannot be decompressed')
  }
  entries.add([{ ...batch(0, 100, ['a', 'b']), forEach: fail }, batch(2, 110, ['c'])])
  assert.deepEqual(shown(entries), ['1@100 -', '2@110 c'])
  assert.deepEqual(dead, [0])
})

test('points and events that a tool joined into one batch are entries of their own, also if it is begun in the middle', () => {
  const records = batch(0, 100, ['a', 'b', 'point', 'c'], [0, 1, 2, 3])
  for (const [next, want] of [
    [0, ['1@100 a,b', '2@100 points', '3@100 c']],
    [2, ['2@100 points', '3@100 c']]
  ] as const) {
    const { entries } = entriesFrom(next)
    entries.add([records])
    assert.deepEqual(shown(entries), want)
    entries.add([batch(4, 110, ['point', 'd'], [2, 4])])
    assert.deepEqual(shown(entries), ['5@110 d'])
  }
})

test('requests that clients numbered are entries of their own, also if the batch is begun in the middle', () => {
  const [one, other] = ['client 1 7 phone', 'client 1 8 phone']
  const records = batch(0, 100, ['a', 'b', 'c', 'd', 'e'], [0, 1, 2, 3, 4], [one, one, other, undefined, 'nonsense'])
  const requestsFrom = (next: number) => {
    const { entries } = entriesFrom(next)
    entries.add([records])
    const seen: unknown[] = []
    for (let entry = entries.read(); entry !== undefined; entry = entries.read())
      seen.push([entry.number, entry.request, entry.block?.length])
    return seen
  }
  const rest = [
    [2, other, 1],
    [4, undefined, 2]
  ]
  // A number comes once in a partition, so the second record with it is of the same request, sent again.
  assert.deepEqual(requestsFrom(0), [[0, one, 1], [1, one, 1], ...rest])
  assert.deepEqual(requestsFrom(1), [[1, one, 1], ...rest])
  assert.deepEqual(requestsFrom(2), rest)
})
