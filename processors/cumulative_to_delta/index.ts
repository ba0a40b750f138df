import { checkStreamOptions, streamsBound } from '../../core/model/stream-options.ts'
import { OwningProcessor, type ProcessorPlugin } from '../../sdk/plugin/index.ts'
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
  memoryBound: streamsBound,
  create: (config, context) => new OwningProcessor(new CumulativeToDelta(config, context), context)
}

export default plugin
