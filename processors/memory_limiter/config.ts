import { byteSize, type ConfigProblem, type ConfigSchema, duration } from '../../sdk/plugin/index.ts'

export interface Config {
  /** bytes */
  readonly max_rss?: number
  /** bytes */
  readonly max_heap?: number
  readonly soft_share: number
  /** ms */
  readonly check_interval: number
}

const SHORTEST_INTERVAL_MS = 10

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    max_rss: byteSize({ description: 'Hard limit of the resident memory of the process; without it there is none.' }),
    max_heap: byteSize({
      description: 'Hard limit of the JavaScript heap in use; without it, the size at which V8 ends the process.'
    }),
    soft_share: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 1,
      description: 'The soft limits, as a share of the hard ones: above one of them batches are refused.',
      default: 0.8
    },
    check_interval: duration({ description: 'How often memory is looked at. At least 10ms.', default: '1s' })
  }
}

export function check({ check_interval }: Config): ConfigProblem[] {
  return check_interval < SHORTEST_INTERVAL_MS
    ? [{ path: ['check_interval'], message: 'it must be at least 10ms' }]
    : []
}
