import { SERVER_OPTIONS, type ServerOptions } from '../../core/http/server-options.ts'
import { byteSize, type ConfigSchema, endpoint, type ItemLimits, LIMITS_SCHEMA } from '../../sdk/plugin/index.ts'

export interface Config extends ServerOptions {
  readonly endpoint: string
  readonly path: string
  /** Bytes. */
  readonly max_body_size: number
  readonly limits: ItemLimits
}

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    endpoint: endpoint({
      description: 'Address to listen on, `host:port`; port 0 takes a free one.',
      default: '127.0.0.1:9091'
    }),
    path: {
      type: 'string',
      pattern: '^/[A-Za-z0-9._~/-]*$',
      description: 'Path that takes write requests.',
      default: '/api/v1/write'
    },
    max_body_size: byteSize({
      description: 'Largest request body, after decompression. Larger ones are answered with 413.',
      default: '20MiB'
    }),
    ...SERVER_OPTIONS,
    limits: LIMITS_SCHEMA
  }
}
