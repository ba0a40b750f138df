import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { memoryBound } from './buckets.ts'
import { type Config, check, schema } from './config.ts'
import { createRateLimiter } from './create.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'rate_limiter',
  stability: 'beta',
  description: 'Lets each key have so many items a second, and drops or refuses the rest.',
  schema,
  ports: { in: 'any', out: 'any' },
  check,
  memoryBound,
  rejects: ({ action }) => action === 'refuse',
  create: createRateLimiter
}

export default plugin
