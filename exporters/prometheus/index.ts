import type { ExporterPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { PrometheusExporter } from './exporter.ts'

export default {
  api: 2,
  kind: 'exporter',
  type: 'prometheus',
  stability: 'beta',
  description: 'Exposes the latest value of each series for Prometheus and others to scrape.',
  ports: { in: 'points' },
  schema,
  check,
  // Of two values of one series only the later is exposed.
  upsert: () => 'replace',
  create: (config, context) => new PrometheusExporter(config, context)
} satisfies ExporterPlugin<Config>
