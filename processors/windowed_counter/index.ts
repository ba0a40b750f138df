import { WindowEngine } from '../../core/windows/engine.ts'
import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema, settingsOf } from './config.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 1,
  kind: 'processor',
  type: 'windowed_counter',
  stability: 'beta',
  description: 'Counts and sums points and events in windows of event time.',
  schema,
  ports: { in: 'any', out: 'points' },
  ownsData: true,
  check,
  create: (config, context) => new WindowEngine(settingsOf(config), context)
}

export default plugin
