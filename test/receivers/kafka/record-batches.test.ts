import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KafkaRecord } from '@platformatic/kafka'
import type { RecordBatch } from '../../../core/kafka/record-batch.ts'
import { committedOnly } from '../../../receivers/kafka/record-batches.ts'

const TRANSACTIONAL = 16
const CONTROL = 32

function batch(firstOffset: number, producerId: number, attributes: number, records = 2): RecordBatch {
  return {
    firstOffset,
    end: firstOffset + records,
    attributes,
    maxTimestamp: 0,
    producerId: BigInt(producerId),
    length: records,
    bytes: Buffer.from('x'.repeat(records)),
    forEach(use) {
      for (let i = 0; i < records; i++) use({} as KafkaRecord)
    }
  }
}

/** Of the records that are read. */
function lengths(batches: readonly RecordBatch[]) {
  return batches.map(batch => {
    let read = 0
    batch.forEach(() => {
      read++
    })
    assert.equal(read, batch.length)
    return read
  })
}

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
  assert.deepEqual(
    seen.map(({ end }) => end),
    [2, 4, 5, 7, 9],
    'offsets go on'
  )
})

test('they are left out too if the marker comes with a later answer', () => {
  const aborted = [{ producerId: 7n, firstOffset: 0n }]
  assert.deepEqual(lengths(committedOnly([batch(0, 7, TRANSACTIONAL)], aborted)), [0])
  assert.deepEqual(lengths(committedOnly([batch(2, 7, TRANSACTIONAL | CONTROL, 1)], aborted)), [0])
})

test('without aborted transactions all records are there but markers', () => {
  assert.deepEqual(lengths(committedOnly([batch(0, 7, TRANSACTIONAL), batch(2, 7, CONTROL, 1)], [])), [2, 0])
})
