import { BATCH_HEAD, IS_COMPRESSED, type KafkaRecord, Reader, readRecord } from '@platformatic/kafka'
import { BadInputError, describeError } from '../errors.ts'
import { giveBack } from '../wire/own-memory.ts'
import { decompress } from './decompress.ts'

/** The fields before the records, behind the length. */
const HEADER_BYTES = 49

/** One producer's records for a partition, sent in one request. Brokers keep them as they came. */
export interface RecordBatch {
  readonly firstOffset: number
  /** Offset of the record behind the batch. Records may have been removed from it. */
  readonly end: number
  /** https://kafka.apache.org/documentation/#recordbatch */
  readonly attributes: number
  /** Unix ms. */
  readonly maxTimestamp: number
  readonly producerId: bigint
  /** Number of records. */
  readonly length: number
  /** Its records, as they came. */
  readonly bytes: Buffer
  /**
   * Calls `use` for each record. Its key, value and headers are empty afterwards, so copy what is kept. Throws
   * `BadInputError`.
   */
  forEach(use: (record: KafkaRecord) => void): void
}

/** The batches of an answer. Brokers may cut off the last one, which is left out. */
export function batchesIn(reader: Reader): RecordBatch[] {
  const batches: RecordBatch[] = []
  while (reader.remaining >= BATCH_HEAD) {
    const length = reader.peekInt32(reader.position + 8)
    if (length < HEADER_BYTES || reader.remaining - BATCH_HEAD < length) break
    batches.push(batchIn(reader))
  }
  return batches
}

function batchIn(reader: Reader): RecordBatch {
  const firstOffset = Number(reader.readInt64())
  const length = reader.readInt32()
  // The leader's epoch, the version, which is 2 for all that brokers of today send, and a checksum.
  reader.skip(4 + 1 + 4)
  const attributes = reader.readInt16()
  const lastOffsetDelta = reader.readInt32()
  reader.skip(8)
  const maxTimestamp = Number(reader.readInt64())
  const producerId = reader.readInt64()
  reader.skip(2 + 4)
  const count = reader.readInt32()
  const bytes = reader.buffer.slice(reader.position, reader.position + length - HEADER_BYTES)
  reader.skip(bytes.length)
  return {
    firstOffset,
    end: firstOffset + lastOffsetDelta + 1,
    attributes,
    maxTimestamp,
    producerId,
    length: count,
    bytes,
    forEach: use => eachRecord(bytes, attributes & IS_COMPRESSED, count, use)
  }
}

function eachRecord(bytes: Buffer, codec: number, count: number, use: (record: KafkaRecord) => void): void {
  if (codec === 0) return recordsIn(bytes, count).forEach(use)
  const decompressed = decompress(codec, bytes)
  try {
    recordsIn(decompressed, count).forEach(use)
  } finally {
    giveBack(decompressed)
  }
}

function recordsIn(bytes: Buffer, count: number): KafkaRecord[] {
  const reader = Reader.from(bytes)
  try {
    return Array.from({ length: count }, () => readRecord(reader))
  } catch (cause) {
    throw new BadInputError(`its records are damaged: ${describeError(cause)}`, 'malformed', { cause })
  }
}
