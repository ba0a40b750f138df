import { matchBound } from '../../core/model/matching/bound.ts'
import { SERIES_MEMO_BYTES } from '../../core/model/series-memo.ts'
import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { Filter } from './filter.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'filter',
  stability: 'beta',
  description: 'Keeps or leaves out items by name, kind and attributes.',
  schema,
  ports: { in: 'any', out: 'any' },
  check,
  memoryBound: ({ include, exclude }) => SERIES_MEMO_BYTES + matchBound(include) + matchBound(exclude),
  create: (config, context) => new Filter(config, context)
}

export default plugin
