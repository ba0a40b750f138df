// Header of each record that Weir writes: the producer (16 bytes) and a number (uint64, big-endian) that grows by 1 from
// record to record of one producer and partition. A record that was sent again, since nobody knew whether the broker had
// it, has the same header. Brokers tell such records apart only as long as the client's session lasts.
export const RECORD_ID_HEADER = 'weir-record'
const PRODUCER_BYTES = 16
const BYTES = PRODUCER_BYTES + 8

export interface RecordId {
  /** Hexadecimal. */
  readonly producer: string
  readonly number: bigint
}

/** @param producer 16 bytes that no other producer has */
export function encodeRecordId(producer: Uint8Array, number: bigint): Buffer {
  const bytes = Buffer.alloc(BYTES)
  bytes.set(producer)
  bytes.writeBigUInt64BE(number, PRODUCER_BYTES)
  return bytes
}

/** Undefined if it is not one of Weir's. */
export function decodeRecordId(bytes: Buffer): RecordId | undefined {
  if (bytes.length !== BYTES) return undefined
  return { producer: bytes.toString('hex', 0, PRODUCER_BYTES), number: bytes.readBigUInt64BE(PRODUCER_BYTES) }
}
