import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { Batcher } from './batcher.ts'
import { type Config, check, memoryBound, schema } from './config.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'batch',
  stability: 'beta',
  description: 'Joins small batches and cuts large ones, by tenant if asked.',
  schema,
  ports: { in: 'any', out: 'any' },
  check,
  memoryBound,
  create: (config, context) => new Batcher(config, context)
}

export default plugin
