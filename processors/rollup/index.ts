import { WindowEngine } from '../../core/windows/engine.ts'
import { describeLate } from '../../core/windows/late-policies.ts'
import { memoryBoundOf } from '../../core/windows/memory-bound.ts'
import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { type Config, check, schema } from './config.ts'
import { RefusedSeries } from './refused-series.ts'
import { settingsOf } from './settings.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'rollup',
  stability: 'beta',
  description: 'Keeps seconds, minutes, hours and days of the same data, each made of the one before.',
  schema,
  ports: { in: 'any', out: 'points' },
  ownsData: true,
  check,
  latePolicy: config => describeLate([config], config.allowed_lateness),
  aggregates: () => true,
  corrects: ({ late }) => late === 'amend',
  memoryBound: config => memoryBoundOf(settingsOf(config)),
  create: (config, context) => new WindowEngine(settingsOf(config, new RefusedSeries(config.by, context.log)), context)
}

export default plugin
