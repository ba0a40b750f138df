import { checkConnection, KAFKA_CONNECTION, type KafkaConnection } from '../../core/kafka/connection.ts'
import type { ConfigProblem, ConfigSchema } from '../../sdk/plugin/index.ts'
import { byteSize, duration } from '../../sdk/plugin/index.ts'

export const ENCODINGS = ['otlp_proto', 'weir', 'json'] as const
export const SIGNALS = ['metrics', 'logs'] as const

export interface Config extends KafkaConnection {
  readonly topic: string
  readonly group: string
  readonly instance_id?: string
  readonly encoding: (typeof ENCODINGS)[number]
  readonly signal: (typeof SIGNALS)[number]
  readonly partition_label: string
  readonly start_at: 'earliest' | 'latest'
  /** ms. */
  readonly session_timeout: number
  /** ms. */
  readonly checkpoint_interval: number
  readonly state_topic?: string
  readonly dead_letter_topic?: string
  readonly replication_factor: number
  /** Bytes. */
  readonly max_buffer: number
}

export const schema: ConfigSchema = {
  type: 'object',
  required: ['brokers', 'topic', 'group'],
  properties: {
    ...KAFKA_CONNECTION,
    topic: { type: 'string', minLength: 1, description: 'Topic that is read. It has to be there.' },
    group: {
      type: 'string',
      minLength: 1,
      description: 'Consumer group. Processes of one group share the partitions; each group reads all of the topic.'
    },
    instance_id: {
      type: 'string',
      minLength: 1,
      pattern: '^[\\w.-]+$',
      description:
        'Name of this process in the group, if it is to have its partitions again after a restart within session_timeout (static membership).'
    },
    encoding: {
      enum: ENCODINGS,
      default: 'otlp_proto',
      description:
        "otlp_proto: requests of OTLP, as Weir and the Collector write them. weir: as Weir alone writes them. json: Weir's events, one or a list."
    },
    signal: { enum: SIGNALS, default: 'metrics', description: 'Requests of otlp_proto: metrics or logs.' },
    partition_label: {
      type: 'string',
      default: 'partition',
      description:
        'Attribute with the number of the partition, in all that processors make: partitions count apart. Empty for none, if items of one group are always in one partition (partition_by of the writer).'
    },
    start_at: {
      enum: ['earliest', 'latest'],
      default: 'earliest',
      description: 'Where a group begins that has read nothing yet.'
    },
    session_timeout: duration({
      default: '10s',
      description: 'A process that is silent for so long loses its partitions to the others of its group.'
    }),
    checkpoint_interval: duration({
      default: '10s',
      description: 'Time between checkpoints of a partition. After a crash so much is read again.'
    }),
    state_topic: {
      type: 'string',
      minLength: 1,
      description: 'Topic for the state of partitions, as many as the topic has. <topic>.<group>.state by default.'
    },
    dead_letter_topic: {
      type: 'string',
      minLength: 1,
      description: 'Topic for records that cannot be decoded. <topic>.dead-letters by default.'
    },
    replication_factor: {
      type: 'integer',
      minimum: -1,
      maximum: 100,
      default: -1,
      description: 'Copies of those two topics, if they are created here. -1: as many as brokers are told to keep.'
    },
    max_buffer: byteSize({
      default: '4MiB',
      description:
        'Batches of a partition that wait in memory, as they came. With more of them the partition is not fetched from.'
    })
  }
}

/** Brokers refuse others, unless they are told otherwise. */
const SESSION_TIMEOUT_MS = { least: 6000, most: 1_800_000 }
const LEAST_INTERVAL_MS = 100

export function check(config: Config): ConfigProblem[] {
  const problems = checkConnection(config)
  const { session_timeout, checkpoint_interval, encoding, signal } = config
  if (session_timeout < SESSION_TIMEOUT_MS.least || session_timeout > SESSION_TIMEOUT_MS.most)
    problems.push({ path: ['session_timeout'], message: 'brokers take from 6s to 30m' })
  if (checkpoint_interval < LEAST_INTERVAL_MS)
    problems.push({ path: ['checkpoint_interval'], message: 'the least is 100ms' })
  if (encoding !== 'otlp_proto' && signal === 'logs')
    problems.push({ path: ['signal'], message: `only otlp_proto has signals; leave it out with ${encoding}` })
  return problems
}
