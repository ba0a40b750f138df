import type { Context, Processor } from '../../sdk/plugin/index.ts'
import { ClientSequences } from './client-sequences.ts'
import type { Config } from './config.ts'
import { Dedup } from './dedup.ts'
import type { DedupRule } from './dedup-rule.ts'
import { EventIds } from './event-ids.ts'
import { HaReplica } from './ha-replica.ts'
import { Requests } from './requests.ts'
import { Samples } from './samples.ts'

/** The processor for the configured mode. */
export function createDedup(config: Config, context: Context): Processor {
  const { mode, conflict } = config
  if (mode === 'request') context.wantRequests()
  if (mode === 'client_seq') context.wantRequests('client')
  if (mode === 'ha_replica') return new HaReplica(config, context)
  return new Dedup(ruleFor(mode, config, context), mode, conflict === 'pass', context)
}

function ruleFor(mode: Exclude<Config['mode'], 'ha_replica'>, config: Config, context: Context): DedupRule {
  if (mode === 'event_id') return new EventIds(config)
  if (mode === 'sample') return new Samples(config)
  return mode === 'request' ? new Requests(config) : new ClientSequences(config, context.series)
}
