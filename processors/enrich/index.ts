import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, memoryBound, schema } from './config.ts'
import { Enricher } from './enricher.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'enrich',
  stability: 'beta',
  description: 'Adds attributes from a table in a file, by the value of one attribute.',
  schema,
  ports: { in: 'any', out: 'any' },
  check,
  memoryBound,
  externalInputs: ({ file }) => file,
  create: (config, context) => new Enricher(config, context)
}

export default plugin
