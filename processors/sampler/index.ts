import { matchBound } from '../../core/model/matching/bound.ts'
import { SERIES_MEMO_BYTES } from '../../core/model/series-memo.ts'
import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { Sampler } from './sampler.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'sampler',
  stability: 'beta',
  description: 'Keeps a share of events, increments and gauges, and scales up values that are added up.',
  schema,
  ports: { in: 'any', out: 'any' },
  check,
  memoryBound: ({ match }) => SERIES_MEMO_BYTES + matchBound(match),
  create: (config, context) => new Sampler(config, context)
}

export default plugin
