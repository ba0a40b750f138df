import type { ExporterPlugin } from '../../sdk/plugin/index.ts'
import { type Config, schema } from './config.ts'
import { DebugExporter } from './exporter.ts'

export default {
  api: 2,
  kind: 'exporter',
  type: 'debug',
  stability: 'stable',
  description: 'Logs what comes, or takes it without a word.',
  ports: { in: 'any' },
  schema,
  create: (config, context) => new DebugExporter(config, context)
} satisfies ExporterPlugin<Config>
