import { SERIES_MEMO_BYTES } from '../../core/model/series-memo.ts'
import { clientBytes } from './client-numbers.ts'
import type { Config } from './config.ts'
import { clusterBytes } from './leader-election.ts'
import { memoryBytes } from './memory.ts'

/**
 * Most bytes a processor with `config` remembers. Items in flight come on top, with up to 80 bytes each. They are
 * bounded by the credits of the receivers.
 */
export function memoryBound(config: Config): number {
  if (config.mode === 'ha_replica') return clusterBytes(config.max_sources) + 2 * SERIES_MEMO_BYTES
  if (config.mode === 'client_seq') return config.max_sources * clientBytes(config.max_reorder) + SERIES_MEMO_BYTES
  return memoryBytes(config) + (config.mode === 'sample' ? SERIES_MEMO_BYTES : 0)
}
