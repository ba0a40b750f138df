import { checkStreamOptions, streamsBound } from '../../core/model/stream-options.ts'
import { type ProcessorPlugin, StatefulProcessor } from '../../sdk/plugin/index.ts'
import { type Config, schema } from './config.ts'
import { DeltaToCumulative } from './conversion.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'delta_to_cumulative',
  stability: 'beta',
  description: 'Adds up increments to cumulative counters and histograms.',
  schema,
  ports: { in: 'points', out: 'points' },
  ownsData: true,
  check: checkStreamOptions,
  memoryBound: streamsBound,
  create: (config, context) => new StatefulProcessor(new DeltaToCumulative(config, context), context)
}

export default plugin
