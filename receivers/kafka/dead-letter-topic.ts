import { type Admin, type BaseOptions, type KafkaRecord, ProduceAcks, Producer } from '@platformatic/kafka'
import { describeKafkaError, kafkaError } from '../../core/kafka/errors.ts'
import { ensureTopic } from '../../core/kafka/topics.ts'
import type { BadInputError, Context } from '../../sdk/plugin/index.ts'

const RETRY_MS = 1000
/** Brokers will never take it. */
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])

type DeadRecord = Pick<KafkaRecord, 'value' | 'headers'>

interface Letter {
  readonly topic: string
  readonly key: Buffer
  readonly value: Buffer | undefined
  readonly headers: Map<Buffer, Buffer>
}

interface DeadLetterOptions {
  readonly client: BaseOptions
  readonly admin: Admin
  readonly topic: string
  readonly replicas: number
  /** The topic whose records they were. */
  readonly source: string
}

/**
 * Records that cannot be read, as they were, with the reason in headers. Their keys are `topic/partition/offset`: after
 * a crash one may be written again, under the same key.
 */
export class DeadLetterTopic {
  readonly #options: DeadLetterOptions
  readonly #producer: Producer<Buffer, Buffer, Buffer, Buffer>
  readonly #log: Context['log']
  /** Those being written, by partition. */
  readonly #writing = new Map<number, Promise<void>>()
  #isOver = false

  constructor(options: DeadLetterOptions, log: Context['log']) {
    this.#options = options
    this.#log = log
    this.#producer = new Producer({ ...options.client, idempotent: true, acks: ProduceAcks.ALL, compression: 'zstd' })
  }

  async ensure(partitions: number): Promise<void> {
    const { admin, topic: name, replicas } = this.#options
    await ensureTopic(admin, { name, partitions, replicas, settings: {} })
  }

  add(partition: number, offset: number, record: DeadRecord, error: BadInputError): void {
    const letter = this.#letterOf(partition, offset, record, error)
    const write = async () => {
      await this.#writing.get(partition)
      await this.#insist(partition, offset, letter)
    }
    const writing = write()
    // Who waits for it is told.
    writing.catch(() => {})
    this.#writing.set(partition, writing)
  }

  /** Resolves once all that were added for the partition are written. Rejects once `leaving` has fired. */
  async written(partition: number, leaving: AbortSignal): Promise<void> {
    const left = new Promise<never>((_, reject) => {
      if (leaving.aborted) reject(unwritten())
      leaving.addEventListener('abort', () => reject(unwritten()), { once: true })
    })
    await Promise.race([this.#writing.get(partition), left])
  }

  async close(): Promise<void> {
    this.#isOver = true
    await Promise.allSettled([this.#producer.close()])
  }

  /** With copies of all that it has of the record. */
  #letterOf(partition: number, offset: number, record: DeadRecord, error: BadInputError): Letter {
    const { topic, source } = this.#options
    const headers = new Map<Buffer, Buffer>(
      Object.entries({
        'weir-topic': source,
        'weir-partition': String(partition),
        'weir-offset': String(offset),
        'weir-reason': error.reason,
        'weir-error': error.message
      }).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])
    )
    for (const [name, value] of record.headers)
      if (name !== null && value !== null) headers.set(Buffer.from(name), Buffer.from(value))
    const key = Buffer.from(`${source}/${partition}/${offset}`)
    // One without a value is null there too; an empty one would be another record.
    return { topic, key, value: record.value === null ? undefined : Buffer.from(record.value), headers }
  }

  async #insist(partition: number, offset: number, { topic, key, value: whole, headers }: Letter): Promise<void> {
    let value = whole
    while (!this.#isOver) {
      try {
        await this.#producer.send({ messages: [{ topic, key, value, headers }] })
        return
      } catch (failure) {
        // It may have come compressed. Without its value it can still be found at its offset.
        if (value !== undefined && TOO_LARGE.has(kafkaError(failure) ?? '')) {
          headers.set(Buffer.from('weir-value-bytes'), Buffer.from(String(value.length)))
          value = undefined
          continue
        }
        this.#log.error(
          { err: describeKafkaError(failure), topic, partition, offset },
          'cannot write a record that cannot be read to the dead letters; no checkpoint is taken meanwhile'
        )
        await new Promise(resolve => setTimeout(resolve, RETRY_MS))
      }
    }
    throw unwritten()
  }
}

const unwritten = () => new Error('the partition was given up before a dead letter was written')
