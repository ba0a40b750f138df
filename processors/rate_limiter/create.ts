import type { Context, Processor } from '../../sdk/plugin/index.ts'
import { Buckets } from './buckets.ts'
import type { Config } from './config.ts'
import { Dropping } from './dropping.ts'
import { Keys } from './keys.ts'
import { Refusing } from './refusing.ts'

/** The processor for the configured action. */
export function createRateLimiter(config: Config, context: Context): Processor {
  const buckets = new Buckets(config, context)
  const keys = new Keys(config)
  return config.action === 'drop' ? new Dropping(keys, buckets, context) : new Refusing(keys, buckets, context)
}
