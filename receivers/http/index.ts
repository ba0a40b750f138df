import type { ReceiverPlugin } from '../../sdk/plugin/index.ts'
import { type Config, schema } from './config.ts'
import { HttpReceiver } from './receiver.ts'

const plugin: ReceiverPlugin<Config> = {
  api: 2,
  kind: 'receiver',
  type: 'http',
  stability: 'beta',
  description: 'Takes events as JSON or NDJSON by HTTP POST.',
  schema,
  ports: { out: 'events' },
  create: (config, context) => new HttpReceiver(config, context)
}

export default plugin
