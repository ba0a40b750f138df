import { SERIES_MEMO_BYTES } from '../../core/model/series-memo.ts'
import { LIMITS_OF_STATE } from './admission.ts'
import type { Config } from './config.ts'
import { DEMAND_BYTES, PROFILE_BYTES } from './demand.ts'

/** Entry, key, Map entry, last point; of a histogram also up to 32 numbers. */
const BYTES_PER_TRACKED = 720
/** Label, value and count, for up to eight labels. */
const BYTES_PER_TRACKED_WITH_VALUES = 800
const BYTES_PER_CANDIDATE = 220
const BYTES_PER_FOLDED = 300
const BYTES_PER_METRIC = 1500
const BYTES_PER_TENANT = 300
/** Reference, key and object, beside the memory that the memo counts. */
const BYTES_PER_REF = 65_536 * 200

/** Most bytes a processor with `config` remembers. */
export function memoryBound(config: Config): number {
  const limitsValues =
    config.max_values_per_label > 0 || config.overrides.some(one => (one.max_values_per_label ?? 0) > 0)
  const perSeries = BYTES_PER_TRACKED + BYTES_PER_CANDIDATE + (limitsValues ? BYTES_PER_TRACKED_WITH_VALUES : 0)
  return (
    config.max_series_total * perSeries +
    config.max_folded_series * BYTES_PER_FOLDED +
    config.max_metrics * (BYTES_PER_METRIC + DEMAND_BYTES) +
    LIMITS_OF_STATE.profiles * PROFILE_BYTES +
    LIMITS_OF_STATE.tenants * BYTES_PER_TENANT +
    SERIES_MEMO_BYTES +
    BYTES_PER_REF
  )
}
