import type { ExporterPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { ClickHouseExporter } from './exporter.ts'

const clickhouse: ExporterPlugin<Config> = {
  api: 2,
  kind: 'exporter',
  type: 'clickhouse',
  stability: 'beta',
  description: 'Stores points and events in ClickHouse: a server, or an embedded engine.',
  schema,
  check,
  ports: { in: 'any' },
  // A ReplacingMergeTree keeps the row inserted last; the OpenTelemetry tables keep both.
  upsert: ({ schema }) => (schema === 'compact' ? 'replace' : 'identical'),
  keepsOnePerTime: ({ schema }) => schema === 'compact',
  create: (config, context) => new ClickHouseExporter(config, context)
}

export default clickhouse
