import { availableParallelism } from 'node:os'
import { AUTHENTICATORS_SCHEMA, type AuthenticatorConfig } from '../http/access/config.ts'
import { TENANTS_SCHEMA, type TenantsConfig } from '../http/tenants/config.ts'
import { TLS_SCHEMA, type TlsConfig } from '../http/tls.ts'
import type { ConfigSchema, ItemType } from '../plugin/contract.ts'
import { endpoint } from '../schema/endpoint.ts'
import { byteSize, duration } from '../schema/units.ts'

/** `service:` of the configuration, defaults filled in; durations in ms, sizes in bytes. */
export interface ServiceConfig {
  readonly pipelines: Readonly<Record<string, PipelineConfig>>
  readonly extensions: readonly string[]
  readonly admin: AdminConfig
  readonly authenticators: Readonly<Record<string, AuthenticatorConfig>>
  readonly tenants?: TenantsConfig
  readonly limits: { readonly in_flight: number; readonly output: number; readonly series: number }
  readonly workers: number | 'auto'
  readonly state_dir?: string
  readonly journal?: JournalConfig
  readonly dead_letters: { readonly folder?: string; readonly max_size: number }
  readonly startup_timeout: number
  readonly shutdown_timeout: number
  readonly log: { readonly level: string }
  readonly telemetry: { readonly otlp_endpoint?: string; readonly interval: number }
}

export interface AdminConfig {
  readonly endpoint: string
  readonly tls?: TlsConfig
  /** Name in `authenticators`. */
  readonly auth?: string
  /** Folder. */
  readonly dashboards?: string
}

export interface JournalConfig {
  readonly folder: string
  readonly segment_size: number
  readonly compression: 'none' | 'zstd'
  readonly max_size: number
  readonly checkpoint_interval: number
}

export interface PipelineConfig {
  readonly receivers: readonly string[]
  readonly items?: readonly ItemType[]
  readonly processors: readonly string[]
  readonly exporters: readonly string[]
}

const MAX_WORKERS = 64

/** Threads beside the main thread. One worker is no other than the main thread. */
export function workerThreads({ workers }: ServiceConfig): number {
  const wanted = workers === 'auto' ? Math.min(availableParallelism(), MAX_WORKERS) : workers
  return wanted === 1 ? 0 : wanted
}

const references = (description: string, extra: object = {}) => ({
  type: 'array',
  items: { type: 'string' },
  uniqueItems: true,
  description,
  ...extra
})

const PIPELINE_SCHEMA: ConfigSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['receivers'],
  properties: {
    receivers: references('Receivers that feed this pipeline, or pipeline/<name> for the output of another pipeline.', {
      minItems: 1
    }),
    items: {
      type: 'array',
      items: { enum: ['points', 'events'] },
      minItems: 1,
      uniqueItems: true,
      description:
        'Types of items that its receivers give it: points, events or both. Without it, of a receiver of both it gets those it takes, and points if it takes both.'
    },
    processors: references('Processors, in the order data passes them.', { default: [] }),
    exporters: references('Exporters; each gets everything. A pipeline that feeds others may have none.', {
      default: []
    })
  }
}

export const SERVICE_SCHEMA: ConfigSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['pipelines'],
  properties: {
    pipelines: {
      type: 'object',
      description: 'Pipelines by name: receivers, processors and exporters that are connected.',
      minProperties: 1,
      additionalProperties: PIPELINE_SCHEMA
    },
    extensions: references('Extensions that run beside the pipelines.', { default: [] }),
    admin: {
      type: 'object',
      description: 'The admin server: status page, health, metrics.',
      additionalProperties: false,
      default: {},
      properties: {
        endpoint: endpoint({ description: 'host:port to listen on.', default: '127.0.0.1:13133' }),
        tls: TLS_SCHEMA,
        auth: {
          type: 'string',
          minLength: 1,
          description:
            'Entry of `authenticators` that everything but `/healthz` and `/readyz` asks for credentials. An endpoint beyond loopback must have one.'
        },
        dashboards: {
          type: 'string',
          minLength: 1,
          description:
            'Folder of dashboards, one JSON file each. The page saves changed ones there; without it they cannot be changed.'
        }
      }
    },
    authenticators: AUTHENTICATORS_SCHEMA,
    tenants: TENANTS_SCHEMA,
    limits: {
      type: 'object',
      description: 'Bounds of memory.',
      additionalProperties: false,
      default: {},
      properties: {
        in_flight: byteSize({
          description: 'Data received and not yet settled; above this receivers refuse more.',
          default: '128MiB'
        }),
        output: byteSize({
          description: 'Data that processors have emitted and exporters have not taken yet.',
          default: '128MiB'
        }),
        series: {
          type: 'integer',
          minimum: 1,
          description:
            'Most received series that are known at a time, of 512 bytes each at most; points of further ones are dropped. A series silent for some minutes makes room.',
          default: 2_000_000
        }
      }
    },
    workers: {
      type: ['integer', 'string'],
      minimum: 1,
      maximum: MAX_WORKERS,
      pattern: '^auto$',
      'x-expected': `a number from 1 to ${MAX_WORKERS}, or auto`,
      description:
        'Threads that receive and decode, beside the main thread, which has the pipelines; auto: one for each core. With 1 the main thread does all.',
      default: 1
    },
    state_dir: {
      type: 'string',
      description:
        'Folder for the state that survives a restart. Without it open windows are sent as they stand on shutdown.'
    },
    journal: {
      type: 'object',
      description:
        'Exact delivery through crashes: data is on disk before it is acknowledged, and is replayed from the last checkpoint. Without a journal, a crash loses the data in memory.',
      additionalProperties: false,
      required: ['folder'],
      properties: {
        folder: { type: 'string', description: 'Folder of the journal; only one process may use it.' },
        segment_size: byteSize({
          description:
            'Size of entries at which a segment ends and the next begins. Definitions of series, which each segment has anew, come on top.',
          default: '128MiB'
        }),
        compression: {
          type: 'string',
          enum: ['none', 'zstd'],
          description: 'zstd: a smaller journal, for some time of another core.',
          default: 'none'
        },
        max_size: byteSize({
          description: 'Largest size of the journal; at this size, senders are told to retry later.',
          default: '10GiB'
        }),
        checkpoint_interval: duration({
          description: 'Interval between checkpoints of state; a restart replays the entries since the last one.',
          default: '10s'
        })
      }
    },
    dead_letters: {
      type: 'object',
      description:
        'Items that a backend or a processor will never accept, kept for `weir dlq`. Without a folder they are dropped and counted.',
      additionalProperties: false,
      default: {},
      properties: {
        folder: {
          type: 'string',
          description: 'Folder of the dead letters. The default with a journal is dead_letters in its folder.'
        },
        max_size: byteSize({
          description: 'At this size, exporters wait until some dead letters are replayed or removed.',
          default: '1GiB'
        })
      }
    },
    startup_timeout: duration({
      description: 'Longest time that one component may take to start, also at a reload.',
      default: '30s'
    }),
    shutdown_timeout: duration({ description: 'Longest time to drain on SIGTERM or Ctrl-C.', default: '30s' }),
    log: {
      type: 'object',
      description: 'The log, one JSON object a line on standard error.',
      additionalProperties: false,
      default: {},
      properties: {
        level: {
          type: 'string',
          enum: ['debug', 'info', 'warn', 'error', 'silent'],
          description: 'Least severe level written.',
          default: 'info'
        }
      }
    },
    telemetry: {
      type: 'object',
      description: "Weir's own metrics; Prometheus text is always at /metrics on the admin server.",
      additionalProperties: false,
      default: {},
      properties: {
        otlp_endpoint: {
          type: 'string',
          pattern: '^https?://[^/]+',
          'x-expected': 'a URL such as http://127.0.0.1:4318/v1/metrics',
          description: 'Also export them by OTLP/HTTP to this URL (…/v1/metrics).'
        },
        interval: duration({ description: 'Interval of this export.', default: '10s' })
      }
    }
  }
}
