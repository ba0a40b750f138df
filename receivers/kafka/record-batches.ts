import type { AbortedTransaction } from '../../core/kafka/fetch.ts'
import type { RecordBatch } from '../../core/kafka/record-batch.ts'

// Attributes of a batch: https://kafka.apache.org/documentation/#recordbatch
const IS_TRANSACTIONAL = 16
const IS_CONTROL = 32
const NO_BYTES = Buffer.alloc(0)

/**
 * The batches with their records; those of aborted transactions and of markers have none. Left out altogether, their
 * offsets would be asked for again.
 *
 * @param aborted transactions, as brokers name them beside the batches: each ends with a marker of its producer
 */
export function committedOnly(
  batches: readonly RecordBatch[],
  aborted: readonly AbortedTransaction[]
): readonly RecordBatch[] {
  const waiting = aborted.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const open = new Set<bigint>()
  return batches.map(batch => {
    while (waiting.length > 0 && waiting[0].firstOffset < BigInt(batch.end)) open.add(waiting.shift()!.producerId)
    const isControl = (batch.attributes & IS_CONTROL) !== 0
    const isAborted = (batch.attributes & IS_TRANSACTIONAL) !== 0 && open.has(batch.producerId)
    if (isControl) open.delete(batch.producerId)
    return isControl || isAborted ? { ...batch, length: 0, bytes: NO_BYTES, forEach() {} } : batch
  })
}
