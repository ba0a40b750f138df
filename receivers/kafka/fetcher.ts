import type { Consumer, fetchV17, RecordsBatch } from '@platformatic/kafka'
import { describeKafkaError } from '../../core/kafka/errors.ts'
import { wantedRecords } from './wanted-records.ts'

type FetchResponse = fetchV17.FetchResponse
type PartitionResponse = FetchResponse['responses'][number]['partitions'][number]

const MAX_WAIT_MS = 250
/** Of one answer. The client holds all of it. */
const MAX_BYTES = 4 * 2 ** 20
const MAX_PARTITION_BYTES = 2 ** 20
const RETRY_MS = 500
const READ_COMMITTED = 1
const OFFSET_OUT_OF_RANGE = 1

/** One that takes the records of a partition. */
export interface FetchTarget {
  /** Offset of the record that is wanted next. */
  readonly fetchFrom: number
  readonly hasRoom: boolean
  /**
   * @param aborted transactions, whose records are among them
   * @param end offset of the record that will be written next
   */
  take(batches: readonly RecordsBatch[], aborted: PartitionResponse['abortedTransactions'], end: number): void
  /** Records from `fetchFrom` on are gone, or were never there. `first` is that of the first record there is. */
  outOfRange(first: number): void
}

/** Fetches the partitions of a topic, with one request at a time to each broker. */
export class Fetcher {
  readonly #consumer: Consumer
  readonly #topic: string
  readonly #status: (problem: string | undefined) => void
  readonly #targets = new Map<number, FetchTarget>()
  readonly #busy = new Set<number>()
  #isOver = false
  #isPumping = false

  /** @param status told of a problem, and of its end */
  constructor(consumer: Consumer, topic: string, status: (problem: string | undefined) => void) {
    this.#consumer = consumer
    this.#topic = topic
    this.#status = status
  }

  add(partition: number, target: FetchTarget): void {
    this.#targets.set(partition, target)
    this.wake()
  }

  remove(partition: number): void {
    this.#targets.delete(partition)
  }

  /** There may be room again. */
  wake(): void {
    void this.#pump()
  }

  close(): void {
    this.#isOver = true
    this.#targets.clear()
  }

  async #pump(): Promise<void> {
    if (this.#isPumping || this.#isOver || this.#targets.size === 0) return
    this.#isPumping = true
    try {
      const { topics } = await this.#consumer.metadata({ topics: [this.#topic] })
      const { id, partitions } = topics.get(this.#topic)!
      const byLeader = Map.groupBy(
        [...this.#targets].filter(([, target]) => target.hasRoom),
        ([partition]) => partitions[partition]?.leader ?? -1
      )
      for (const [leader, wanted] of byLeader)
        if (leader >= 0 && !this.#busy.has(leader)) void this.#fetch(leader, id, new Map(wanted))
    } catch (error) {
      this.#failed(error)
    } finally {
      this.#isPumping = false
    }
  }

  async #fetch(leader: number, topicId: string, wanted: ReadonlyMap<number, FetchTarget>): Promise<void> {
    this.#busy.add(leader)
    const partitions = [...wanted].map(([partition, { fetchFrom }]) =>
      wantedRecords(partition, BigInt(fetchFrom), MAX_PARTITION_BYTES)
    )
    try {
      const response = await this.#consumer.fetch({
        node: leader,
        topics: [{ topicId, partitions }],
        maxWaitTime: MAX_WAIT_MS,
        minBytes: 1,
        maxBytes: MAX_BYTES,
        isolationLevel: READ_COMMITTED
      })
      this.#distribute(response, wanted)
      this.#status(undefined)
    } catch (error) {
      const response = responseOf(error)
      if (response !== undefined) this.#distribute(response, wanted)
      this.#failed(error)
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    }
    this.#busy.delete(leader)
    this.wake()
  }

  #distribute({ responses }: FetchResponse, wanted: ReadonlyMap<number, FetchTarget>): void {
    for (const { partitions } of responses)
      for (const partition of partitions) {
        const { partitionIndex, errorCode, records, abortedTransactions, lastStableOffset, logStartOffset } = partition
        const target = wanted.get(partitionIndex)
        if (target === undefined || this.#targets.get(partitionIndex) !== target) continue
        if (errorCode === OFFSET_OUT_OF_RANGE) target.outOfRange(Number(logStartOffset))
        else if (errorCode === 0) target.take(records ?? [], abortedTransactions, Number(lastStableOffset))
      }
  }

  #failed(error: unknown): void {
    if (this.#isOver) return
    this.#status(`cannot read the topic: ${describeKafkaError(error)}`)
    setTimeout(() => this.wake(), RETRY_MS)
  }
}

/** What brokers answered, if the client failed over a part of it. */
function responseOf(error: unknown): FetchResponse | undefined {
  const { response, errors } = error as { response?: FetchResponse; errors?: unknown[] }
  if (response !== undefined) return response
  return errors?.map(responseOf).find(found => found !== undefined)
}
