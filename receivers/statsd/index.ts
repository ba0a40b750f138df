import type { ConfigSchema, ReceiverPlugin } from '../../sdk/plugin/index.ts'
import { type Config, checkConfig, schema, socketBytes } from './config.ts'
import { lineTableBytes } from './line-table.ts'
import { receiverOf } from './remembering-receiver.ts'

/** Input of a test: a datagram. */
const INPUT: ConfigSchema = {
  type: 'object',
  properties: {
    lines: { type: 'array', items: { type: 'string' }, minItems: 1, description: 'Lines of one datagram.' }
  },
  required: ['lines']
}

export default {
  api: 2,
  kind: 'receiver',
  type: 'statsd',
  stability: 'beta',
  description: 'Receives StatsD and DogStatsD lines over UDP, TCP and Unix sockets.',
  ports: { out: ['points', 'events'] },
  workers: 'one',
  schema,
  // Lines of one datagram are of one time.
  unaggregated: true,
  feeding: { input: INPUT },
  memoryBound: config => lineTableBytes(config.max_series) + socketBytes(config),
  check: checkConfig,
  create: (config, context) => receiverOf(config, context)
} satisfies ReceiverPlugin<Config>
