import type { ConfigSchema } from '../../sdk/plugin/index.ts'

export interface Config {
  readonly verbosity: 'none' | 'basic' | 'detailed'
  readonly max_items_per_second: number
}

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    verbosity: {
      enum: ['none', 'basic', 'detailed'],
      description: 'none: count only; basic: one line per block; detailed: one line per point or event as well.',
      default: 'basic'
    },
    max_items_per_second: {
      type: 'integer',
      minimum: 1,
      description: 'Most lines of single items per second; the log has the number of lines left out.',
      default: 100
    }
  }
}
