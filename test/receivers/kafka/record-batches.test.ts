import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordsBatch } from '@platformatic/kafka'
import { committedOnly, endOf } from '../../../receivers/kafka/record-batches.ts'

const TRANSACTIONAL = 16
const CONTROL = 32

function batch(firstOffset: number, producerId: number, attributes: number, records = 2): RecordsBatch {
  const values = Array.from({ length: records }, (_, offsetDelta) => ({ offsetDelta, value: Buffer.from('x') }))
  return {
    firstOffset: BigInt(firstOffset),
    lastOffsetDelta: records - 1,
    producerId: BigInt(producerId),
    attributes,
    records: values
  } as never as RecordsBatch
}

const lengths = (batches: readonly RecordsBatch[]) => batches.map(({ records }) => records.length)

test('records of an aborted transaction are left out, and those of others are not', () => {
  const batches = [
    batch(0, 7, TRANSACTIONAL),
    batch(2, 8, TRANSACTIONAL),
    batch(4, 7, TRANSACTIONAL | CONTROL, 1),
    batch(5, 7, TRANSACTIONAL),
    batch(7, 9, 0)
  ]
  const seen = committedOnly(batches, [{ producerId: 7n, firstOffset: 0n }])
  assert.deepEqual(lengths(seen), [0, 2, 0, 2, 2])
  assert.deepEqual(seen.map(endOf), [2, 4, 5, 7, 9], 'offsets go on')
})

test('they are left out too if the marker comes with a later answer', () => {
  const aborted = [{ producerId: 7n, firstOffset: 0n }]
  assert.deepEqual(lengths(committedOnly([batch(0, 7, TRANSACTIONAL)], aborted)), [0])
  assert.deepEqual(lengths(committedOnly([batch(2, 7, TRANSACTIONAL | CONTROL, 1)], aborted)), [0])
})

test('without aborted transactions all records are there but markers', () => {
  assert.deepEqual(lengths(committedOnly([batch(0, 7, TRANSACTIONAL), batch(2, 7, CONTROL, 1)], [])), [2, 0])
})
