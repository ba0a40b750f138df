import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { CardinalityLimiter } from './limiter.ts'
import { memoryBound } from './memory-bound.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'cardinality_limiter',
  stability: 'beta',
  description:
    'Bounds the number of series; further ones are added up in one series a metric, so that totals stay exact.',
  schema,
  ports: { in: 'points', out: 'points' },
  check,
  memoryBound,
  create: (config, context) => new CardinalityLimiter(config, context)
}

export default plugin
