import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { MemoryLimiter } from './limiter.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'memory_limiter',
  stability: 'beta',
  description: 'Hands batches back to their senders while the process has too little memory.',
  schema,
  ports: { in: 'any', out: 'any' },
  check,
  rejects: () => true,
  create: (config, context) => new MemoryLimiter(config, context)
}

export default plugin
