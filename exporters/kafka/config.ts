import { checkConnection, KAFKA_CONNECTION, type KafkaConnection } from '../../core/kafka/connection.ts'
import type { ConfigProblem, ConfigSchema } from '../../sdk/plugin/index.ts'
import { byteSize } from '../../sdk/plugin/index.ts'

export const ENCODINGS = ['otlp_proto', 'weir', 'json'] as const
export const COMPRESSIONS = ['zstd', 'lz4', 'snappy', 'gzip', 'none'] as const

export interface Config extends KafkaConnection {
  readonly topic: string
  readonly encoding: (typeof ENCODINGS)[number]
  readonly partition_by: readonly string[]
  readonly compression: (typeof COMPRESSIONS)[number]
  /** Bytes. */
  readonly max_record_size: number
  readonly partitions: number
  readonly replication_factor: number
}

export const schema: ConfigSchema = {
  type: 'object',
  required: ['brokers', 'topic'],
  properties: {
    ...KAFKA_CONNECTION,
    topic: { type: 'string', minLength: 1, description: 'Topic. It is created if it is not there.' },
    encoding: {
      enum: ENCODINGS,
      default: 'otlp_proto',
      description:
        'otlp_proto: points as OTLP metrics, events as OTLP logs, as the Collector reads them. weir: for Weirs alone, which keep all of sets and sketches. json: a JSON object for each event.'
    },
    partition_by: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Attributes that decide the partition. Without them all of a series does, or of an event its id. Windows behind Kafka count `by` these, and maybe others.'
    },
    compression: { enum: COMPRESSIONS, default: 'zstd', description: 'Compression of records.' },
    max_record_size: byteSize({
      default: '900KiB',
      description:
        "Most bytes of a partition's records that are sent at once, before compression: less than message.max.bytes of the brokers."
    }),
    partitions: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      default: 12,
      description: 'Partitions of a topic that is created here.'
    },
    replication_factor: {
      type: 'integer',
      minimum: -1,
      maximum: 100,
      default: -1,
      description: 'Copies of a topic that is created here. -1: as many as brokers are told to keep.'
    }
  }
}

export function check(config: Config): ConfigProblem[] {
  return checkConnection(config)
}
