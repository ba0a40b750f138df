import { randomUUID } from 'node:crypto'
import { Admin, type MessageToProduce, ProduceAcks, Producer } from '@platformatic/kafka'
import { clientOptions } from '../../core/kafka/connection.ts'
import { describeKafkaError, kafkaError } from '../../core/kafka/errors.ts'
import { encodeRecordId, RECORD_ID_HEADER } from '../../core/kafka/record-id.ts'
import { CLIENT_HEADER, TENANT_HEADER } from '../../core/kafka/sender-headers.ts'
import { ensureTopic, partitionsFor } from '../../core/kafka/topics.ts'
import { type ClientNumber, requestName } from '../../core/wire/otlp/client-number.ts'
import {
  type Block,
  type Context,
  type Explanation,
  ExportError,
  type Exporter,
  type NamedSeries,
  select
} from '../../sdk/plugin/index.ts'
import { BlockRequests } from './block-requests.ts'
import type { Config } from './config.ts'
import { Partitioner, type RecordRows } from './partitioner.ts'
import { RecordEncoder } from './records.ts'
import { type Sender, Senders } from './senders.ts'

type Message = MessageToProduce<Buffer, Buffer, Buffer, Buffer>

const HEADER = Buffer.from(RECORD_ID_HEADER)
// Brokers give records the time at which they arrive, which is the clock of processors behind.
const TOPIC_SETTINGS = { 'message.timestamp.type': 'LogAppendTime' }
const LOOK_MS = 10_000
/** Tried again these would be refused again. */
const FINAL = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD'])

/**
 * A block becomes records, numbered for each partition. Tried again, it goes on with the request that failed, and the
 * records have the numbers of before: readers leave out those that they have.
 */
export class KafkaExporter implements Exporter {
  readonly #config: Config
  readonly #partitioner: Partitioner
  readonly #senders: Senders
  readonly #encoder: RecordEncoder
  readonly #producer: Producer<Buffer, Buffer, Buffer, Buffer>
  readonly #admin: Admin
  /** Another one after each start: numbers begin anew. */
  readonly #id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex')
  readonly #numbers = new Map<number, bigint>()
  /** The requests of a block that are still to be sent. */
  readonly #left = new WeakMap<Block, BlockRequests<Message>>()
  readonly #clock: Context['clock']
  #partitions = 0
  /** Unix ms. */
  #lookAgainAt = 0
  readonly #records: { add(value: number): void }
  readonly #items: { add(value: number): void }

  constructor(config: Config, { instruments, series, clock }: Context) {
    this.#clock = clock
    this.#config = config
    this.#senders = new Senders(series)
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

  /** As one record, a request that came twice would have one number. */
  requestsIn(block: Block): ReadonlySet<string> {
    return this.#senders.requestsIn(block)
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
    else this.#lookForPartitions()
    const left = this.#left.get(block) ?? this.#requestsOf(block)
    this.#left.set(block, left)
    let refusal: unknown
    for (let request = left.next; request !== undefined; request = left.next) {
      signal.throwIfAborted()
      try {
        await this.#producer.send({ messages: request.map(({ message }) => message) })
      } catch (error) {
        if (!isFinal(error)) throw error
        refusal = error
        left.refuse()
        continue
      }
      left.taken()
      this.#records.add(request.length)
      this.#items.add(request.reduce((sum, { rows }) => sum + rows.length, 0))
    }
    this.#left.delete(block)
    if (left.refused.length > 0) throw asExportError(refusal, left.refused)
  }

  async #findPartitions(): Promise<void> {
    const { topic, partitions, replication_factor } = this.#config
    await ensureTopic(this.#admin, { name: topic, partitions, replicas: replication_factor, settings: TOPIC_SETTINGS })
    this.#partitions = await partitionsFor(this.#producer, topic)
    this.#lookAgainAt = this.#clock.now() + LOOK_MS
  }

  /** Partitions may be added while it runs. Blocks go on meanwhile; a broker that does not answer is known by them. */
  #lookForPartitions(): void {
    const now = this.#clock.now()
    if (now < this.#lookAgainAt) return
    this.#lookAgainAt = now + LOOK_MS
    this.#findPartitions().catch(() => {})
  }

  #requestsOf(block: Block): BlockRequests<Message> {
    const sent = this.#senders.withoutNumbers(block)
    const groups = this.#partitioner.rowsOf(sent, this.#partitions, row => this.#senders.of(block, row))
    return new BlockRequests(sent, groups, {
      maxBytes: this.#config.max_record_size,
      encode: (whole, rows) =>
        this.#encoder.encode(rows.length === whole.length ? whole : select(whole, Int32Array.from(rows))),
      message: (rows, value, record) => this.#message(rows, value, record)
    })
  }

  #message({ partition, sender }: RecordRows, value: Buffer, record: number): Message {
    const number = this.#numbers.get(partition) ?? 0n
    this.#numbers.set(partition, number + 1n)
    return {
      topic: this.#config.topic,
      partition,
      value,
      headers: new Map([[HEADER, encodeRecordId(this.#id, number)], ...headersOf(sender, record)])
    }
  }
}

function headersOf({ tenant, number }: Sender, record: number): [Buffer, Buffer][] {
  const headers: [string, string][] = []
  if (tenant !== '') headers.push([TENANT_HEADER, tenant])
  if (number !== undefined) headers.push([CLIENT_HEADER, requestName(partOf(number, record))])
  return headers.map(([name, value]) => [Buffer.from(name), Buffer.from(value)])
}

/** A number comes once in a partition. So records of one request there, if it is large, are those of several clients. */
const partOf = (number: ClientNumber, record: number): ClientNumber =>
  record === 0 ? number : { ...number, client: `${number.client}/${record}` }

const isFinal = (error: unknown) => FINAL.has(kafkaError(error) ?? '')

/** @param failedItems rows of the block; all others have arrived */
function asExportError(error: unknown, failedItems?: readonly number[]): ExportError {
  if (ExportError.is(error)) return error
  return new ExportError(describeKafkaError(error), { retryable: !isFinal(error), cause: error, failedItems })
}
