import type { ExporterPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { VictoriaMetricsExporter } from './exporter.ts'

export default {
  api: 2,
  kind: 'exporter',
  type: 'victoriametrics',
  stability: 'beta',
  description: 'Writes points to VictoriaMetrics, Prometheus, Mimir and other stores with Prometheus remote write.',
  ports: { in: 'points' },
  schema,
  check,
  // If two values differ VictoriaMetrics keeps one or the other, and Prometheus refuses the second.
  upsert: () => 'identical',
  keepsOnePerTime: () => true,
  create: (config, context) => new VictoriaMetricsExporter(config, context)
} satisfies ExporterPlugin<Config>
