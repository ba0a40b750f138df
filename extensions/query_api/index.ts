import { checkConnectionLimits } from '../../core/http/connection-limits.ts'
import { queryMemory } from '../../core/queries/query-service.ts'
import type { ExtensionPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema, serviceOptions } from './config.ts'
import { QueryApi } from './query-api.ts'

const plugin: ExtensionPlugin<Config> = {
  api: 2,
  kind: 'extension',
  type: 'query_api',
  stability: 'beta',
  description: 'Answers PromQL by the Prometheus HTTP API, from an exporter’s store or another Prometheus.',
  schema,
  needs: ['stores'],
  check: config => [...check(config), ...checkConnectionLimits(config)],
  outsideMemory: config => (config.store === undefined ? 0 : queryMemory(serviceOptions(config))),
  create: (config, context) => new QueryApi(config, context)
}

export default plugin
