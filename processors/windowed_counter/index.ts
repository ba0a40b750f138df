import { aggregatesAll } from '../../core/windows/aggregations/plan.ts'
import { WindowEngine } from '../../core/windows/engine.ts'
import { describeLate } from '../../core/windows/late-policies.ts'
import { memoryBoundOf } from '../../core/windows/memory-bound.ts'
import type { ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { check } from './check.ts'
import { type Config, schema } from './config.ts'
import { rulesOf, settingsOf } from './rules.ts'

const plugin: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'windowed_counter',
  stability: 'beta',
  description: 'Aggregates points and events in windows of event time.',
  schema,
  ports: { in: 'any', out: 'points' },
  ownsData: true,
  check,
  memoryBound: config => memoryBoundOf(settingsOf(config)),
  latePolicy: config => describeLate(rulesOf(config), config.allowed_lateness),
  aggregates: config => aggregatesAll(settingsOf(config).rules),
  corrects: config => rulesOf(config).some(({ late }) => late === 'amend'),
  create: (config, context) => new WindowEngine(settingsOf(config), context)
}

export default plugin
