import type { ReceiverPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { INPUT } from './fed-input.ts'
import { FedKafkaReceiver } from './fed-receiver.ts'
import { KafkaReceiver } from './receiver.ts'

export default {
  api: 2,
  kind: 'receiver',
  type: 'kafka',
  stability: 'beta',
  description:
    'Reads points and events from a topic of Apache Kafka, with exact results through crashes and rebalances.',
  schema,
  ports: { out: 'any' },
  partitioned: true,
  check,
  feeding: { input: INPUT, create: (config, context, source) => new FedKafkaReceiver(config, context, source) },
  create: (config, context) => new KafkaReceiver(config, context)
} satisfies ReceiverPlugin<Config>
