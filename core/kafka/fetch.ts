import { createAPI, fetchV16, Reader, ResponseError } from '@platformatic/kafka'
import { batchesIn, type RecordBatch } from './record-batch.ts'

/** Error code of a partition: there are no records at that offset, or none any more. */
export const OFFSET_OUT_OF_RANGE = 1

const API_KEY = 1
/** Kafka 3.7 and later have it. */
const VERSION = 16
const READ_COMMITTED = 1
/** Each request names all partitions that it wants. */
const NO_SESSION = [0, -1] as const
const NO_RACK = ''

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

/** The answer for one partition. */
export interface FetchedPartition {
  readonly partition: number
  /** 0: none. */
  readonly errorCode: number
  /** Offset behind the last record that may be read. */
  readonly end: number
  /** Offset of the first record that there is. */
  readonly first: number
  readonly aborted: readonly AbortedTransaction[]
  readonly batches: readonly RecordBatch[]
}

interface WantedRecords {
  readonly topicId: string
  readonly partitions: readonly { readonly partition: number; readonly from: number }[]
  readonly maxWaitMs: number
  /** The whole answer, and a partition in it. */
  readonly maxBytes: number
  readonly maxPartitionBytes: number
}

/**
 * Asks a broker for records. The client library reads all records of an answer at once, which may be twenty times as much
 * as came. These batches are read when their turn comes.
 */
export function fetchRecords(
  connection: Parameters<typeof api.async>[0],
  { topicId, partitions, maxWaitMs, maxBytes, maxPartitionBytes }: WantedRecords
): Promise<FetchedPartition[]> {
  const topics = [
    {
      topicId,
      partitions: partitions.map(({ partition, from }) => ({
        partition,
        // Leaders are not told apart by epochs.
        currentLeaderEpoch: -1,
        fetchOffset: BigInt(from),
        lastFetchedEpoch: -1,
        partitionMaxBytes: maxPartitionBytes
      }))
    }
  ]
  return api.async(connection, maxWaitMs, 1, maxBytes, READ_COMMITTED, ...NO_SESSION, topics, [], NO_RACK)
}

/** The error of a partition in the words of the client library. */
export const fetchError = ({ partition, errorCode }: FetchedPartition) =>
  new ResponseError(API_KEY, VERSION, { [`/partitions/${partition}`]: [errorCode, null] }, {})

const api = createAPI<fetchV16.FetchRequest, FetchedPartition[]>(API_KEY, VERSION, fetchV16.createRequest, answerOf)

function answerOf(_correlationId: number, _apiKey: number, _version: number, reader: Reader): FetchedPartition[] {
  reader.skip(4)
  const errorCode = reader.readInt16()
  if (errorCode !== 0) throw new ResponseError(API_KEY, VERSION, { '/': [errorCode, null] }, {})
  reader.skip(4)
  const topics = reader.readArray(() => {
    reader.readUUID()
    return reader.readArray(partitionOf)
  })
  return topics.flat()
}

function partitionOf(reader: Reader): FetchedPartition {
  const partition = reader.readInt32()
  const errorCode = reader.readInt16()
  reader.skip(8)
  const end = Number(reader.readInt64())
  const first = Number(reader.readInt64())
  const aborted = reader.readArray(() => ({ producerId: reader.readInt64(), firstOffset: reader.readInt64() }))
  reader.skip(4)
  return { partition, errorCode, end, first, aborted, batches: recordsOf(reader) }
}

/** One more than the number of bytes comes first; 0: there are none. */
function recordsOf(reader: Reader): RecordBatch[] {
  const bytes = Math.max(0, reader.readUnsignedVarInt() - 1)
  const from = reader.position
  reader.skip(bytes)
  return batchesIn(Reader.from(reader.buffer.subarray(from, from + bytes)))
}
