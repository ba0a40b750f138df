import { HEADER_CACHE_BYTES } from '../../core/wire/otlp/header-cache.ts'
import type { ConfigSchema, ReceiverPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { OtlpReceiver } from './receiver.ts'

/** Input of a test: a request. */
const INPUT: ConfigSchema = {
  type: 'object',
  properties: {
    metrics: {
      type: 'object',
      additionalProperties: true,
      description: 'An ExportMetricsServiceRequest as OTLP JSON.'
    },
    logs: { type: 'object', additionalProperties: true, description: 'An ExportLogsServiceRequest as OTLP JSON.' }
  },
  minProperties: 1,
  maxProperties: 1
}

const plugin: ReceiverPlugin<Config> = {
  api: 2,
  kind: 'receiver',
  type: 'otlp',
  stability: 'beta',
  description:
    'Receives metrics and logs over OTLP/HTTP (protobuf or JSON) and OTLP/gRPC, from OpenTelemetry SDKs and collectors.',
  schema,
  ports: { out: ['points', 'events'] },
  workers: 'each',
  check,
  feeding: { input: INPUT },
  memoryBound: () => HEADER_CACHE_BYTES,
  create: (config, context) => new OtlpReceiver(config, context)
}

export default plugin
