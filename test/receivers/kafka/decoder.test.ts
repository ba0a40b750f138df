import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecordsBatch, Reader } from '@platformatic/kafka'
import { batchesIn } from '../../../core/kafka/record-batch.ts'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { joinBlocks } from '../../../core/model/join.ts'
import { saveBlock } from '../../../core/model/saved-blocks.ts'
import { RecordEncoder } from '../../../exporters/kafka/records.ts'
import { RecordDecoder } from '../../../receivers/kafka/decoder.ts'
import type { Block } from '../../../sdk/plugin/index.ts'
import { NOW, pointBlocks } from '../../../sdk/plugin/sample-blocks.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'

const MAX_BYTES = 900 * 1024
/** Of another record of the batch: with it the decompressed memory is given back. */
const PADDING = Buffer.alloc(MAX_BYTES, 'abc')

function events(): Block {
  const builder = new EventBlockBuilder()
  for (let i = 0; i < 20; i++) {
    const token = ['token', Uint8Array.of(i, 1, 2, 3)] as const
    builder.add(NOW + i, 'login', [['user', `u${i}`], token], `id${i}`, i)
  }
  return builder.build()
}

const { series } = testContext()
const points = joinBlocks(pointBlocks(series).map(([, block]) => block))

for (const [encoding, signal, block] of [
  ['otlp_proto', 'metrics', points],
  ['otlp_proto', 'logs', events()],
  ['weir', 'metrics', points],
  ['weir', 'metrics', events()],
  ['json', 'metrics', events()]
] as const)
  test(`items outlive the memory of their record: ${encoding} with ${block.type}`, () => {
    const values = new RecordEncoder(encoding, MAX_BYTES).encode(block).map(({ value }) => value)
    const messages = [...values, PADDING].map(value => ({ topic: 't', value }))
    const [batch] = batchesIn(Reader.from(createRecordsBatch(messages, { compression: 'zstd' }).buffer))
    const decode = () => new RecordDecoder({ encoding, signal }, testContext())
    const [decoder, other] = [decode(), decode()]
    const seen: Block[] = []
    batch.forEach(record => {
      if (record.offsetDelta < values.length) seen.push(decoder.decode(record, NOW).block)
    })
    const want = values.map(value => other.decode({ value }, NOW).block)
    assert.deepEqual(seen.map(saveBlock), want.map(saveBlock))
    assert.equal(joinBlocks(seen).length, block.length)
  })
