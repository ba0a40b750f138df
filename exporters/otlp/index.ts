import type { ExporterPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { OtlpExporter } from './exporter.ts'

export default {
  api: 2,
  kind: 'exporter',
  type: 'otlp',
  stability: 'beta',
  description: 'Sends points as OTLP metrics and events as OTLP logs, over HTTP or gRPC.',
  ports: { in: 'any' },
  schema,
  check,
  create: (config, context) => new OtlpExporter(config, context)
} satisfies ExporterPlugin<Config>
