import { randomUUID } from 'node:crypto'
import { Admin, type MessageToProduce, ProduceAcks, Producer } from '@platformatic/kafka'
import { clientOptions } from '../../core/kafka/connection.ts'
import { describeKafkaError, kafkaError } from '../../core/kafka/errors.ts'
import { encodeRecordId, RECORD_ID_HEADER } from '../../core/kafka/record-id.ts'
import { ensureTopic, partitionsOf } from '../../core/kafka/topics.ts'
import {
  type Block,
  type Context,
  type Explanation,
  ExportError,
  type Exporter,
  type NamedSeries,
  select
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { Partitioner } from './partitioner.ts'
import { RecordEncoder } from './records.ts'

type Message = MessageToProduce<Buffer, Buffer, Buffer, Buffer>

/** Records of one request: of each partition no more than a batch of records may have. */
interface Request {
  readonly messages: readonly Message[]
  readonly items: number
}

const HEADER = Buffer.from(RECORD_ID_HEADER)
// Brokers give records the time at which they arrive, which is the clock of processors behind.
const TOPIC_SETTINGS = { 'message.timestamp.type': 'LogAppendTime' }
/** Tried again these would be refused again. */
const FINAL = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD'])

/**
 * A block becomes records, numbered for each partition. Tried again, it goes on with the request that failed, and the
 * records have the numbers of before: readers leave out those that they have.
 */
export class KafkaExporter implements Exporter {
  readonly #config: Config
  readonly #partitioner: Partitioner
  readonly #encoder: RecordEncoder
  readonly #producer: Producer<Buffer, Buffer, Buffer, Buffer>
  readonly #admin: Admin
  /** Another one after each start: numbers begin anew. */
  readonly #id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex')
  readonly #numbers = new Map<number, bigint>()
  /** The requests of a block that are still to be sent. */
  readonly #left = new WeakMap<Block, Request[]>()
  #partitions = 0
  readonly #records: { add(value: number): void }
  readonly #items: { add(value: number): void }

  constructor(config: Config, { instruments }: Context) {
    this.#config = config
    this.#partitioner = new Partitioner(config.partition_by)
    this.#encoder = new RecordEncoder(config.encoding, config.max_record_size)
    const options = clientOptions(config)
    this.#producer = new Producer({
      ...options,
      idempotent: true,
      acks: ProduceAcks.ALL,
      compression: config.compression
    })
    this.#admin = new Admin(options)
    this.#records = instruments.counter('records_total', 'Records that brokers have taken.')
    this.#items = instruments.counter('items_total', 'Points and events that brokers have taken.')
  }

  explain({ name }: NamedSeries): Explanation {
    return { fate: 'stored', why: `written to the Kafka topic ${this.#config.topic}`, places: [name] }
  }

  async export(block: Block, signal: AbortSignal): Promise<void> {
    try {
      await this.#export(block, signal)
    } catch (error) {
      throw asExportError(error)
    }
  }

  async probe(): Promise<void> {
    try {
      await this.#findPartitions()
    } catch (error) {
      throw asExportError(error)
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.#producer.close(), this.#admin.close()])
  }

  async #export(block: Block, signal: AbortSignal): Promise<void> {
    if (this.#partitions === 0) await this.#findPartitions()
    const left = this.#left.get(block) ?? this.#requestsOf(block)
    this.#left.set(block, left)
    while (left.length > 0) {
      signal.throwIfAborted()
      const { messages, items } = left[0]
      await this.#producer.send({ messages: [...messages] })
      left.shift()
      this.#records.add(messages.length)
      this.#items.add(items)
    }
    this.#left.delete(block)
  }

  async #findPartitions(): Promise<void> {
    const { topic, partitions, replication_factor } = this.#config
    this.#partitions =
      this.#partitions === 0
        ? await ensureTopic(this.#admin, {
            name: topic,
            partitions,
            replicas: replication_factor,
            settings: TOPIC_SETTINGS
          })
        : ((await partitionsOf(this.#admin, topic)) ?? 0)
  }

  #requestsOf(block: Block): Request[] {
    const requests: { messages: Message[]; items: number; bytes: Map<number, number> }[] = []
    for (const [partition, rows] of this.#partitioner.rowsOf(block, this.#partitions)) {
      const own = rows.length === block.length ? block : select(block, Int32Array.from(rows))
      let at = 0
      for (const { value, items } of this.#encoder.encode(own)) {
        const bytes = requests[at]?.bytes.get(partition) ?? 0
        if (bytes > 0 && bytes + value.length > this.#config.max_record_size) at++
        requests[at] ??= { messages: [], items: 0, bytes: new Map() }
        const request = requests[at]
        request.messages.push(this.#message(partition, value))
        request.items += items
        request.bytes.set(partition, (request.bytes.get(partition) ?? 0) + value.length)
      }
    }
    return requests
  }

  #message(partition: number, value: Buffer): Message {
    const number = this.#numbers.get(partition) ?? 0n
    this.#numbers.set(partition, number + 1n)
    return {
      topic: this.#config.topic,
      partition,
      value,
      headers: new Map([[HEADER, encodeRecordId(this.#id, number)]])
    }
  }
}

function asExportError(error: unknown): ExportError {
  if (ExportError.is(error)) return error
  const retryable = !FINAL.has(kafkaError(error) ?? '')
  return new ExportError(describeKafkaError(error), { retryable, cause: error })
}
