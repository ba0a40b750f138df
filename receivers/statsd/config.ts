import {
  byteSize,
  type ConfigSchema,
  duration,
  endpoint,
  type ItemLimits,
  LIMITS_SCHEMA
} from '../../sdk/plugin/index.ts'
import { TAG_FORMATS, type TagFormat } from './tag-formats.ts'

export interface Config {
  readonly endpoint: string
  /** Bytes. */
  readonly receive_buffer: number
  readonly max_series: number
  /** Milliseconds. */
  readonly retry_for: number
  readonly tag_formats: readonly TagFormat[]
  readonly limits: ItemLimits
}

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    endpoint: endpoint({
      description: 'UDP address to listen on, as host:port; 0.0.0.0 and [::] are every interface.',
      default: '127.0.0.1:8125'
    }),
    receive_buffer: byteSize({
      description: 'Socket buffer for datagrams that are not read yet; the kernel caps it at net.core.rmem_max.',
      default: '4MiB'
    }),
    max_series: {
      type: 'integer',
      minimum: 2,
      description:
        'Series remembered between lines, with the last values of gauges. The number is smaller if they take more than 1 KiB each. Those that are not sent again make room first.',
      default: 100_000
    },
    retry_for: duration({
      description: 'Time for which nacked points are kept and retried; 0 drops them at once.',
      default: '5m'
    }),
    tag_formats: {
      type: 'array',
      items: { enum: TAG_FORMATS },
      uniqueItems: true,
      description: 'Formats in which clients write tags into names: influx, librato, signalfx, graphite.',
      default: []
    },
    limits: LIMITS_SCHEMA
  }
}
