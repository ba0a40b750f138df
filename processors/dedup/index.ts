import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { createDedup } from './create.ts'
import { memoryBound } from './memory-bound.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'dedup',
  stability: 'beta',
  description: 'Drops items that were sent before: by event id, sample, request, client number or replica.',
  schema,
  ports: { in: 'any', out: 'any' },
  check,
  memoryBound,
  create: createDedup
}

export default plugin
