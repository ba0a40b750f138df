import type { ReceiverPlugin } from '../../sdk/plugin/index.ts'
import { type Config, schema } from './config.ts'
import { lineTableBytes } from './line-table.ts'
import { StatsdReceiver } from './receiver.ts'

export default {
  api: 2,
  kind: 'receiver',
  type: 'statsd',
  stability: 'beta',
  description: 'Receives StatsD and DogStatsD lines over UDP.',
  ports: { out: 'points' },
  workers: 'one',
  schema,
  // Lines of one datagram are of one time.
  unaggregated: true,
  memoryBound: ({ max_series }) => lineTableBytes(max_series),
  create: (config, context) => new StatsdReceiver(config, context)
} satisfies ReceiverPlugin<Config>
