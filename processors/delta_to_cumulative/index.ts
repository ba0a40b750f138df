import { OwningProcessor, type ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, memoryBound, schema } from './config.ts'
import { DeltaToCumulative } from './conversion.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 1,
  kind: 'processor',
  type: 'delta_to_cumulative',
  stability: 'beta',
  description: 'Adds up increments to cumulative counters and histograms.',
  schema,
  ports: { in: 'points', out: 'points' },
  ownsData: true,
  check,
  memoryBound,
  create: (config, context) => new OwningProcessor(new DeltaToCumulative(config, context), context)
}

export default plugin
