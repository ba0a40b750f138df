import { checkConnectionLimits } from '../../core/http/connection-limits.ts'
import type { ReceiverPlugin } from '../../sdk/plugin/index.ts'
import { type Config, schema } from './config.ts'
import { INPUT } from './input.ts'
import { RemoteWriteReceiver } from './receiver.ts'

const plugin: ReceiverPlugin<Config> = {
  api: 2,
  kind: 'receiver',
  type: 'prometheus_remote_write',
  stability: 'beta',
  description: 'Receives Prometheus remote write 1.0 and 2.0, from Prometheus, vmagent, Grafana Alloy and others.',
  schema,
  ports: { out: ['points', 'events'] },
  workers: 'each',
  feeding: { input: INPUT },
  check: config => checkConnectionLimits(config),
  create: (config, context) => new RemoteWriteReceiver(config, context)
}

export default plugin
