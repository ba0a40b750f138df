import type { LabelOptions } from '../../../core/wire/prometheus/labels.ts'

/** Names and labels are those that the exporter `victoriametrics` writes by default. */
export const NAMING: LabelOptions = {
  strategy: 'UnderscoreEscapingWithSuffixes',
  externalLabels: {},
  promoteResourceAttributes: []
}

/**
 * Attributes that the processor `rollup` adds to points of a tier. Series are shown without them: late increments are
 * added to those that came in time.
 */
export const TIER_ATTRIBUTES: ReadonlySet<string> = new Set(['rollup', 'late'])
