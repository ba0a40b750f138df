import type { ExporterPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { KafkaExporter } from './exporter.ts'

export default {
  api: 2,
  kind: 'exporter',
  type: 'kafka',
  stability: 'beta',
  description: 'Writes points and events into a topic of Apache Kafka, each series into one partition.',
  ports: { in: 'any' },
  schema,
  check,
  create: (config, context) => new KafkaExporter(config, context)
} satisfies ExporterPlugin<Config>
