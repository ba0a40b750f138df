import type { fetchV17, RecordsBatch } from '@platformatic/kafka'

// Attributes of a batch: https://kafka.apache.org/documentation/#recordbatch
const IS_TRANSACTIONAL = 16
const IS_CONTROL = 32

type AbortedTransactions = fetchV17.FetchResponse['responses'][number]['partitions'][number]['abortedTransactions']

/**
 * The batches with their records; those of aborted transactions and of markers have none. A client that leaves such
 * batches out altogether would ask for the same offset again.
 *
 * @param aborted transactions, as brokers name them beside the batches: each ends with a marker of its producer
 */
export function committedOnly(batches: readonly RecordsBatch[], aborted: AbortedTransactions): RecordsBatch[] {
  const waiting = [...(aborted ?? [])].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const open = new Set<bigint>()
  return batches.map(batch => {
    while (waiting.length > 0 && waiting[0].firstOffset <= batch.firstOffset + BigInt(batch.lastOffsetDelta))
      open.add(waiting.shift()!.producerId)
    const isControl = (batch.attributes & IS_CONTROL) !== 0
    const isAborted = (batch.attributes & IS_TRANSACTIONAL) !== 0 && open.has(batch.producerId)
    if (isControl) open.delete(batch.producerId)
    return isControl || isAborted ? { ...batch, records: [] } : batch
  })
}

/** Offset of the record behind the batch. */
export const endOf = (batch: RecordsBatch) => Number(batch.firstOffset) + batch.lastOffsetDelta + 1
