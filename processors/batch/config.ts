import { NAME } from '../../core/model/key-by.ts'
import { SERIES_MEMO_BYTES } from '../../core/model/series-memo.ts'
import { byteSize, type ConfigProblem, type ConfigSchema, duration } from '../../sdk/plugin/index.ts'

export interface Config {
  readonly max_items: number
  /** bytes */
  readonly max_size: number
  /** ms */
  readonly timeout: number
  readonly by: readonly string[]
  readonly max_open: number
}

const SHORTEST_TIMEOUT_MS = 10
const LEAST_SIZE = 1024
/** Its key and its place among the others; the items in it are paid for by the receivers' credits. */
const BYTES_PER_OPEN_BATCH = 500

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    max_items: { type: 'integer', minimum: 1, description: 'Most items of a batch.', default: 8192 },
    max_size: byteSize({
      description: 'Size at which a batch is sent, by the memory of its columns. At least 1KiB.',
      default: '4MiB'
    }),
    timeout: duration({ description: 'Longest time that items wait for others. At least 10ms.', default: '200ms' }),
    by: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      uniqueItems: true,
      description: `Attributes, of the item or else of its resource, whose values a batch has in common; ${NAME} is the name of the metric or event.`,
      default: []
    },
    max_open: {
      type: 'integer',
      minimum: 1,
      description: 'Most batches that wait for more at a time; beyond it the one begun first is sent.',
      default: 1000
    }
  }
}

export function check({ max_size, timeout }: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  if (max_size < LEAST_SIZE) problems.push({ path: ['max_size'], message: 'it must be at least 1KiB' })
  if (timeout < SHORTEST_TIMEOUT_MS) problems.push({ path: ['timeout'], message: 'it must be at least 10ms' })
  return problems
}

/** Most bytes it will remember. */
export const memoryBound = ({ max_open }: Config) => max_open * BYTES_PER_OPEN_BATCH + SERIES_MEMO_BYTES
