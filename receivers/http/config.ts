import { CORS_OPTION } from '../../core/http/cors.ts'
import { SERVER_OPTIONS, type ServerOptions } from '../../core/http/server-options.ts'
import { byteSize, type ConfigSchema, endpoint, type ItemLimits, LIMITS_SCHEMA } from '../../sdk/plugin/index.ts'
import { FORMATS, type FormatName } from './formats/index.ts'
import type { SchemaOptions } from './schemas.ts'

export interface Config extends ServerOptions {
  readonly endpoint: string
  readonly path: string
  readonly format: FormatName
  readonly cors_allowed_origins: readonly string[]
  readonly schemas: SchemaOptions
  /** Bytes. */
  readonly max_body_size: number
  readonly limits: ItemLimits
}

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    endpoint: endpoint({
      description: 'Address to listen on, `host:port`; port 0 takes a free one.',
      default: '127.0.0.1:8080'
    }),
    path: {
      type: 'string',
      pattern: '^/[A-Za-z0-9._~/-]*$',
      description: 'Path that takes the events.',
      default: '/v1/events'
    },
    format: {
      enum: Object.keys(FORMATS),
      description: 'Form of the events: weir, segment or cloudevents.',
      default: 'weir'
    },
    cors_allowed_origins: CORS_OPTION,
    schemas: {
      type: 'object',
      additionalProperties: false,
      properties: {
        folder: {
          type: 'string',
          description: 'Folder with JSON Schemas of attributes, NAME.json or NAME.v2.json; empty for none.',
          default: ''
        },
        unknown: {
          enum: ['accept', 'refuse'],
          description: 'Treatment of events whose name has no schema.',
          default: 'accept'
        }
      },
      description: 'JSON Schemas that events have to fit.',
      default: {}
    },
    max_body_size: byteSize({
      description: 'Largest request body, after decompression. Larger ones are answered with 413.',
      default: '20MiB'
    }),
    ...SERVER_OPTIONS,
    limits: LIMITS_SCHEMA
  }
}
