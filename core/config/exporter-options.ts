import type { ConfigSchema } from '../plugin/contract.ts'
import { byteSize, duration } from '../schema/units.ts'

/** Options every exporter has; durations in ms, sizes in bytes. */
export interface SendingQueueConfig {
  readonly timeout: number
  readonly retry: {
    readonly initial_interval: number
    readonly max_interval: number
    readonly max_elapsed_time: number
  }
  readonly queue: {
    readonly max_size: number
    readonly max_batch: number
    readonly disk_size: number
    readonly order: 'oldest_first' | 'any'
  }
}

export const SENDING_QUEUE_SCHEMA: ConfigSchema = {
  type: 'object',
  properties: {
    timeout: duration({ description: 'Longest time one attempt may take.', default: '10s' }),
    retry: {
      type: 'object',
      description:
        'Retries with exponential backoff and jitter; Retry-After of the backend is honoured, up to 5 minutes or max_interval, whichever is longer.',
      additionalProperties: false,
      default: {},
      properties: {
        initial_interval: duration({ description: 'Wait before the first retry.', default: '500ms' }),
        max_interval: duration({ description: 'Longest wait between two attempts.', default: '30s' }),
        max_elapsed_time: duration({
          description: 'Give up on a batch after this time, and count it as dropped; 0 never gives up.',
          default: '0'
        })
      }
    },
    queue: {
      type: 'object',
      description: 'The sending queue of the exporter.',
      additionalProperties: false,
      default: {},
      properties: {
        max_size: byteSize({ description: 'Above this, senders are told to retry later.', default: '64MiB' }),
        max_batch: {
          type: 'integer',
          minimum: 1,
          description: 'Most items joined into one export.',
          default: 50_000
        },
        disk_size: byteSize({
          description:
            'With a journal: most bytes that wait on disk while the exporter is behind, so that other exporters need not wait for it; 0B for none.',
          default: '4GiB'
        }),
        order: {
          type: 'string',
          enum: ['oldest_first', 'any'],
          description:
            'Order while batches wait on disk. oldest_first: the disk buffer goes first. any: new data takes turns with it, for backends that take older points after newer ones, as VictoriaMetrics and ClickHouse do and Prometheus does not.',
          default: 'oldest_first'
        }
      }
    }
  }
}
