import type { GrpcOptions } from '../../core/grpc/server.ts'
import { checkConnectionLimits } from '../../core/http/connection-limits.ts'
import { CORS_OPTION } from '../../core/http/cors.ts'
import { SERVER_OPTIONS, type ServerOptions } from '../../core/http/server-options.ts'
import {
  byteSize,
  type ConfigProblem,
  type ConfigSchema,
  endpoint,
  type ItemLimits,
  LIMITS_SCHEMA
} from '../../sdk/plugin/index.ts'

export interface Config {
  /** A protocol that is named listens. */
  readonly protocols: { readonly http?: HttpConfig; readonly grpc?: GrpcOptions }
  readonly limits: ItemLimits
}

export interface HttpConfig extends ServerOptions {
  readonly endpoint: string
  /** Bytes. */
  readonly max_body_size: number
  readonly cors_allowed_origins: readonly string[]
}

const { read_header_timeout: _, ...GRPC_OPTIONS } = SERVER_OPTIONS

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    protocols: {
      type: 'object',
      additionalProperties: false,
      description: 'Protocols to receive; each one that is named listens.',
      default: { http: {} },
      properties: {
        http: {
          type: 'object',
          additionalProperties: false,
          description: 'OTLP/HTTP: `POST /v1/metrics` and `POST /v1/logs`.',
          properties: {
            endpoint: endpoint({
              description: 'Address to listen on, `host:port`; port 0 takes a free one.',
              default: '127.0.0.1:4318'
            }),
            max_body_size: byteSize({
              description: 'Largest request body, after decompression. Larger ones are answered with 413.',
              default: '20MiB'
            }),
            cors_allowed_origins: CORS_OPTION,
            ...SERVER_OPTIONS
          }
        },
        grpc: {
          type: 'object',
          additionalProperties: false,
          description: 'OTLP/gRPC.',
          properties: {
            endpoint: endpoint({
              description: 'Address to listen on, `host:port`; port 0 takes a free one.',
              default: '127.0.0.1:4317'
            }),
            max_recv_msg_size: byteSize({
              description: 'Largest message, after decompression. Larger ones are answered with INVALID_ARGUMENT.',
              default: '20MiB'
            }),
            ...GRPC_OPTIONS
          }
        }
      }
    },
    limits: LIMITS_SCHEMA
  }
}

export function check({ protocols }: Config): ConfigProblem[] {
  const named = Object.entries(protocols)
  if (named.length === 0) return [{ path: ['protocols'], message: 'no protocol is named: add http:, grpc: or both' }]
  return named.flatMap(([name, limits]) => checkConnectionLimits(limits, ['protocols', name]))
}
