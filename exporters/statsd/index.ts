import type { ExporterPlugin } from '../../sdk/plugin/index.ts'
import { type Config, checkConfig, schema } from './config.ts'
import { StatsdExporter } from './exporter.ts'

export default {
  api: 2,
  kind: 'exporter',
  type: 'statsd',
  stability: 'beta',
  description: 'Sends points as StatsD and DogStatsD lines over UDP, TCP or a Unix socket.',
  ports: { in: 'points' },
  schema,
  check: checkConfig,
  create: (config, context) => new StatsdExporter(config, context)
} satisfies ExporterPlugin<Config>
