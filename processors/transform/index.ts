import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { memoryBound, Transform } from './transform.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'transform',
  stability: 'beta',
  description:
    'Renames metrics and sets, deletes, renames, hashes and rewrites attributes; relabels as Prometheus does.',
  schema,
  ports: { in: 'any', out: 'any' },
  check,
  memoryBound,
  create: (config, context) => new Transform(config, context)
}

export default plugin
