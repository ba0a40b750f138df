import { FIRST_POINTS_BYTES } from '../../core/model/first-points.ts'
import { checkStreamOptions, streamsBound } from '../../core/model/stream-options.ts'
import { type ProcessorPlugin, StatefulProcessor } from '../../sdk/plugin/index.ts'
import { type Config, schema } from './config.ts'
import { CumulativeToDelta } from './conversion.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'cumulative_to_delta',
  stability: 'beta',
  description: 'Makes increments of cumulative counters and histograms.',
  schema,
  ports: { in: 'points', out: 'points' },
  ownsData: true,
  check: checkStreamOptions,
  memoryBound: config => streamsBound(config) + FIRST_POINTS_BYTES,
  create: (config, context) => new StatefulProcessor(new CumulativeToDelta(config, context), context)
}

export default plugin
