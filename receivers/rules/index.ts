import { queryMemory } from '../../core/queries/query-service.ts'
import type { ReceiverPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema, serviceOptions } from './config.ts'
import { RulesReceiver } from './receiver.ts'

const plugin: ReceiverPlugin<Config> = {
  api: 2,
  kind: 'receiver',
  type: 'rules',
  stability: 'beta',
  description: 'Evaluates Prometheus rule files: records metrics, and sends alerts to Alertmanager.',
  schema,
  needs: ['stores'],
  ports: { out: 'points' },
  check,
  outsideMemory: config => queryMemory(serviceOptions(config)),
  create: (config, context) => new RulesReceiver(config, context)
}

export default plugin
