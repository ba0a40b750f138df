import { SERVER_OPTIONS, type ServerOptions } from '../../core/http/server-options.ts'
import { byteSize, type ConfigSchema, endpoint, type ItemLimits, LIMITS_SCHEMA } from '../../sdk/plugin/index.ts'

export interface Config {
  readonly protocols: { readonly http: HttpConfig }
  readonly limits: ItemLimits
}

export interface HttpConfig extends ServerOptions {
  readonly endpoint: string
  /** Bytes. */
  readonly max_body_size: number
}

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    protocols: {
      type: 'object',
      additionalProperties: false,
      description: 'Protocols to receive.',
      default: {},
      properties: {
        http: {
          type: 'object',
          additionalProperties: false,
          description: 'OTLP/HTTP: `POST /v1/metrics`.',
          default: {},
          properties: {
            endpoint: endpoint({
              description: 'Address to listen on, `host:port`; port 0 takes a free one.',
              default: '127.0.0.1:4318'
            }),
            max_body_size: byteSize({
              description: 'Largest request body, after decompression. Larger ones are answered with 413.',
              default: '20MiB'
            }),
            ...SERVER_OPTIONS
          }
        }
      }
    },
    limits: LIMITS_SCHEMA
  }
}
