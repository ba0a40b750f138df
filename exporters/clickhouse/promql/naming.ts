import type { LabelOptions } from '../../../core/wire/prometheus/labels.ts'

/** Names and labels are those that the exporter `victoriametrics` writes by default. */
export const NAMING: LabelOptions = {
  strategy: 'UnderscoreEscapingWithSuffixes',
  externalLabels: {},
  promoteResourceAttributes: []
}

/** Marks the points of a tier. Series of tiers are shown without it. */
export const TIER_ATTRIBUTE = 'rollup'
