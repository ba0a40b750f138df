import { randomBytes } from 'node:crypto'
import {
  type Admin,
  type BaseOptions,
  ConnectionPool,
  type MessageToProduce,
  ProduceAcks,
  Producer
} from '@platformatic/kafka'
import { fetchError, fetchRecords, OFFSET_OUT_OF_RANGE } from '../../core/kafka/fetch.ts'
import { addPartitions, ensureTopic, partitionsFor } from '../../core/kafka/topics.ts'
import { WeirError } from '../../sdk/plugin/index.ts'
import type { StatePointer } from './progress.ts'

// A state is records of the partition with the same number as the topic's. Each has a header: the id of the state (16
// bytes), its place (uint32, big-endian) and the number of records (uint32). Others may write states between them.
const HEADER = 'weir-state'
const ID_BYTES = 16
const HEADER_BYTES = ID_BYTES + 8
const CHUNK_BYTES = 512 * 1024
const FETCH_BYTES = 8 * 2 ** 20
const MAX_WAIT_MS = 500
/** Fetches without anything new before a state counts as lost. */
const MOST_EMPTY_FETCHES = 20
const TOPIC_SETTINGS = {
  // Old states are removed as new ones are committed; what is left of a file goes when it is full.
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'segment.bytes': String(64 * 2 ** 20)
}

interface StateTopicOptions {
  readonly client: BaseOptions
  readonly admin: Admin
  readonly topic: string
  readonly replicas: number
}

/** Keeps the state of partitions in a topic, so that any process can take it over. */
export class StateTopic {
  readonly #options: StateTopicOptions
  readonly #producer: Producer<Buffer, Buffer, Buffer, Buffer>
  readonly #connections: ConnectionPool
  /** Fetches of one client go one after the other. */
  #reading: Promise<unknown> = Promise.resolve()
  /** Partitions that it is known to have. */
  #partitions = 0
  readonly #onCleanupFailed: (error: unknown) => void

  /** @param onCleanupFailed told if old states cannot be removed */
  constructor(options: StateTopicOptions, onCleanupFailed: (error: unknown) => void) {
    this.#options = options
    this.#onCleanupFailed = onCleanupFailed
    this.#producer = new Producer({
      ...options.client,
      idempotent: true,
      acks: ProduceAcks.ALL,
      compression: 'zstd'
    })
    this.#connections = new ConnectionPool(options.client.clientId, options.client)
  }

  /** @param partitions of the topic whose state it has */
  async ensure(partitions: number): Promise<void> {
    if (partitions <= this.#partitions) return
    const { admin, topic: name, replicas } = this.#options
    const before = await ensureTopic(admin, { name, partitions, replicas, settings: TOPIC_SETTINGS })
    if (before < partitions) await addPartitions(admin, name, partitions)
    const found = await partitionsFor(this.#producer, name)
    if (found < partitions)
      throw new WeirError(
        'COMPONENT_FAILED',
        `topic ${name} has ${found} partitions, and the topic whose state it keeps has ${partitions}: add partitions to it`
      )
    this.#partitions = found
  }

  /** Durable when it resolves. */
  async write(partition: number, parts: readonly Uint8Array[]): Promise<StatePointer> {
    const bytes = Buffer.concat(parts)
    const count = Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES))
    const id = randomBytes(ID_BYTES)
    let first: bigint | undefined
    for (let i = 0; i < count; i++) {
      const value = bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES)
      const { offsets } = await this.#producer.send({ messages: [this.#message(partition, value, id, i, count)] })
      first ??= offsets?.find(place => place.partition === partition)?.offset
      if (first === undefined)
        throw new WeirError('COMPONENT_FAILED', 'the broker did not say where it keeps the state')
    }
    return { id: id.toString('hex'), first: String(first), count }
  }

  /** Throws `STATE_INVALID` if it is not whole. */
  read(partition: number, pointer: StatePointer): Promise<Buffer> {
    const read = this.#reading.then(() => this.#read(partition, pointer))
    this.#reading = read.catch(() => {})
    return read
  }

  /** Removes what was written before the state of `pointer`. */
  async removeBefore(partition: number, { first }: StatePointer): Promise<void> {
    const { admin, topic } = this.#options
    try {
      await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition, offset: BigInt(first) }] }] })
    } catch (error) {
      this.#onCleanupFailed(error)
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#producer.close(), this.#connections.close()])
  }

  #message(
    partition: number,
    value: Buffer,
    id: Buffer,
    place: number,
    count: number
  ): MessageToProduce<Buffer, Buffer, Buffer, Buffer> {
    const header = Buffer.alloc(HEADER_BYTES)
    id.copy(header)
    header.writeUInt32BE(place, ID_BYTES)
    header.writeUInt32BE(count, ID_BYTES + 4)
    return { topic: this.#options.topic, partition, value, headers: new Map([[Buffer.from(HEADER), header]]) }
  }

  async #read(partition: number, { id, first, count }: StatePointer): Promise<Buffer> {
    const chunks = new Map<number, Buffer>()
    let offset = Number(first)
    for (let empty = 0; chunks.size < count && empty < MOST_EMPTY_FETCHES; ) {
      const batches = await this.#fetch(partition, offset)
      if (batches.length === 0) empty++
      for (const batch of batches) {
        offset = batch.end
        batch.forEach(({ headers, value }) => {
          const header = headers.find(([name]) => name?.toString() === HEADER)?.[1]
          if (header?.length === HEADER_BYTES && header.toString('hex', 0, ID_BYTES) === id)
            chunks.set(header.readUInt32BE(ID_BYTES), Buffer.from(value ?? ''))
        })
      }
    }
    if (chunks.size === count) return Buffer.concat(Array.from({ length: count }, (_, i) => chunks.get(i)!))
    throw new WeirError(
      'STATE_INVALID',
      `the state of partition ${partition} is not whole in topic ${this.#options.topic}: ${chunks.size} of ${count} records are there; move the group with weir kafka seek to count anew from a time`
    )
  }

  async #fetch(partition: number, from: number) {
    const { admin, topic } = this.#options
    const { brokers, topics } = await admin.metadata({ topics: [topic], forceUpdate: true })
    const { id, partitions } = topics.get(topic)!
    const leader = brokers.get(partitions[partition].leader)
    if (leader === undefined)
      throw new WeirError('COMPONENT_FAILED', `partition ${partition} of ${topic} has no leader`)
    const [fetched] = await fetchRecords(await this.#connections.get(leader), {
      topicId: id,
      partitions: [{ partition, from }],
      maxWaitMs: MAX_WAIT_MS,
      maxBytes: FETCH_BYTES,
      maxPartitionBytes: FETCH_BYTES
    })
    // Records that were removed are not there.
    if (fetched === undefined || fetched.errorCode === OFFSET_OUT_OF_RANGE) return []
    if (fetched.errorCode !== 0) throw fetchError(fetched)
    return fetched.batches
  }
}
