import { checkConnectionLimits } from '../../core/http/connection-limits.ts'
import type { EventBlock, ReceiverPlugin } from '../../sdk/plugin/index.ts'
import { type Config, schema } from './config.ts'
import { INPUT } from './input.ts'
import { HttpReceiver } from './receiver.ts'
import { recheck } from './schemas.ts'

const plugin: ReceiverPlugin<Config> = {
  api: 2,
  kind: 'receiver',
  type: 'http',
  stability: 'beta',
  description: 'Receives events as JSON or NDJSON by HTTP POST.',
  schema,
  ports: { out: 'events' },
  workers: 'each',
  check: config => checkConnectionLimits(config),
  feeding: { input: INPUT },
  recheck: ({ schemas }, block) => recheck(schemas, block as EventBlock),
  create: (config, context) => new HttpReceiver(config, context)
}

export default plugin
