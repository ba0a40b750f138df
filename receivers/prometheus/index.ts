import type { ReceiverPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { INPUT } from './input.ts'
import { PrometheusReceiver } from './receiver.ts'

const plugin: ReceiverPlugin<Config> = {
  api: 2,
  kind: 'receiver',
  type: 'prometheus',
  stability: 'beta',
  description: 'Scrapes targets as Prometheus does, by its scrape_configs.',
  schema,
  ports: { out: 'points' },
  workers: 'one',
  check,
  feeding: { input: INPUT },
  create: (config, context) => new PrometheusReceiver(config, context)
}

export default plugin
