import { type BaseOptions, type Broker, ConnectionPool, type Consumer } from '@platformatic/kafka'
import { describeKafkaError } from '../../core/kafka/errors.ts'
import {
  type AbortedTransaction,
  type FetchedPartition,
  fetchError,
  fetchRecords,
  OFFSET_OUT_OF_RANGE
} from '../../core/kafka/fetch.ts'
import type { RecordBatch } from '../../core/kafka/record-batch.ts'

const MAX_WAIT_MS = 250
/** Of one answer. */
const MAX_BYTES = 4 * 2 ** 20
const MAX_PARTITION_BYTES = 2 ** 20
const RETRY_MS = 500

/** One that takes the records of a partition. */
export interface FetchTarget {
  /** Offset of the record that is wanted next. */
  readonly fetchFrom: number
  readonly hasRoom: boolean
  /**
   * @param aborted transactions, whose records are among them
   * @param end offset of the record that will be written next
   */
  take(batches: readonly RecordBatch[], aborted: readonly AbortedTransaction[], end: number): void
  /** Records from `fetchFrom` on are gone, or were never there. `first` is that of the first record there is. */
  outOfRange(first: number): void
}

/** Fetches the partitions of a topic, with one request at a time to each broker. */
export class Fetcher {
  readonly #consumer: Pick<Consumer, 'metadata'>
  /** Connections of its own, for brokers answer the requests of a connection in turn, and hold these until there are records. */
  readonly #connections: ConnectionPool
  readonly #topic: string
  readonly #status: (problem: string | undefined) => void
  readonly #targets = new Map<number, FetchTarget>()
  readonly #busy = new Set<number>()
  #isOver = false
  #isPumping = false
  /** A leader did not answer, or was none. */
  #isStale = false

  /** @param status told of a problem, and of its end */
  constructor(
    client: BaseOptions,
    consumer: Pick<Consumer, 'metadata'>,
    topic: string,
    status: (problem: string | undefined) => void
  ) {
    this.#connections = new ConnectionPool(client.clientId, client)
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

  async close(): Promise<void> {
    this.#isOver = true
    this.#targets.clear()
    await this.#connections.close()
  }

  async #pump(): Promise<void> {
    if (this.#isPumping || this.#isOver || this.#targets.size === 0) return
    this.#isPumping = true
    try {
      const { brokers, topics } = await this.#consumer.metadata({ topics: [this.#topic], forceUpdate: this.#isStale })
      this.#isStale = false
      const { id, partitions } = topics.get(this.#topic)!
      const byLeader = Map.groupBy(
        [...this.#targets].filter(([, target]) => target.hasRoom),
        ([partition]) => partitions[partition]?.leader ?? -1
      )
      for (const [leader, wanted] of byLeader) {
        const broker = brokers.get(leader)
        if (broker !== undefined && !this.#busy.has(leader)) void this.#fetch(leader, broker, id, new Map(wanted))
      }
    } catch (error) {
      this.#failed(error)
    } finally {
      this.#isPumping = false
    }
  }

  async #fetch(
    leader: number,
    broker: Broker,
    topicId: string,
    wanted: ReadonlyMap<number, FetchTarget>
  ): Promise<void> {
    this.#busy.add(leader)
    try {
      const fetched = await fetchRecords(await this.#connections.get(broker), {
        topicId,
        partitions: [...wanted].map(([partition, { fetchFrom: from }]) => ({ partition, from })),
        maxWaitMs: MAX_WAIT_MS,
        maxBytes: MAX_BYTES,
        maxPartitionBytes: MAX_PARTITION_BYTES
      })
      for (const partition of fetched) this.#distribute(partition, wanted)
      const refused = fetched.find(({ errorCode }) => errorCode !== 0 && errorCode !== OFFSET_OUT_OF_RANGE)
      if (refused !== undefined) throw fetchError(refused)
      this.#status(undefined)
    } catch (error) {
      this.#failed(error)
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    }
    this.#busy.delete(leader)
    this.wake()
  }

  #distribute(fetched: FetchedPartition, wanted: ReadonlyMap<number, FetchTarget>): void {
    const { partition, errorCode, batches, aborted, end, first } = fetched
    const target = wanted.get(partition)
    if (target === undefined || this.#targets.get(partition) !== target) return
    if (errorCode === OFFSET_OUT_OF_RANGE) target.outOfRange(first)
    else if (errorCode === 0) target.take(batches, aborted, end)
  }

  /** The leader may be another one by now. */
  #failed(error: unknown): void {
    if (this.#isOver) return
    this.#isStale = true
    this.#status(`cannot read the topic: ${describeKafkaError(error)}`)
    setTimeout(() => this.wake(), RETRY_MS)
  }
}
