import type { ExporterPlugin } from '../../sdk/plugin/index.ts'
import { type Config, schema } from './config.ts'
import { DebugExporter } from './exporter.ts'

export default {
  api: 2,
  kind: 'exporter',
  type: 'debug',
  stability: 'stable',
  description: 'Logs points and events, or accepts them silently.',
  ports: { in: 'any' },
  schema,
  create: (config, context) => new DebugExporter(config, context)
} satisfies ExporterPlugin<Config>
