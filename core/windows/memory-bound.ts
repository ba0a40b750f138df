import { hyperLogLogBytes } from '../model/sketch/hyperloglog.ts'
import type { InputLimits } from './input/series-lookup.ts'
import type { RuleSettings, WindowSettings } from './settings.ts'

/** Identity and totals, as measured with five attributes. */
const BYTES_PER_GROUP = 500
/** A series that is sent, as measured. */
const BYTES_PER_OUTPUT = 900
/** A row of a pane whose table is half empty, with every column. */
const BYTES_PER_ROW = 112
/** That a late point changed it, until the window is sent again. */
const BYTES_PER_AMENDED = 40
/** Last point and identity of a cumulative series. */
const BYTES_PER_CUMULATIVE = 300
/** However few groups there may be: many series make one. */
const LEAST_FAST = 2 ** 17
const LEAST_CUMULATIVE = 1_000_000
const BYTES_PER_BUCKET = 8
const SIGNS = 2
const HISTOGRAM_BUCKETS = 160
const DISTINCT_BYTES = hyperLogLogBytes(14)

/**
 * The most bytes that are remembered, where all groups are active in every window and each value differs. Of the usual
 * aggregations it is that of numbers: what a group of a set or a histogram takes besides, the README says.
 */
export function memoryBoundOf({ rules, allowedLatenessMs }: WindowSettings): number {
  return rules.reduce((bytes, rule) => bytes + boundOf(rule, allowedLatenessMs), 0)
}

/** How many of the series that come in a rule remembers. */
export function limitsOf({ maxGroups }: RuleSettings): InputLimits {
  return { fast: Math.max(LEAST_FAST, maxGroups), cumulative: Math.max(LEAST_CUMULATIVE, maxGroups) }
}

function boundOf(rule: RuleSettings, allowedLatenessMs: number): number {
  const { aggregations, gauges, windows, quantiles, limits, output, late, amendMs, maxGroups } = rule
  const kept = late === 'amend' ? amendMs : 0
  let panes = 0
  // Of windows that overlap the sums of neighbours are kept as well, together as much as the panes.
  for (const { sizeMs, everyMs } of windows) {
    const covered = sizeMs + allowedLatenessMs + kept
    panes += Math.ceil(covered / everyMs) * (sizeMs === everyMs ? 1 : 2) + 1
  }
  const perWindow =
    aggregations === undefined
      ? Math.max(1, gauges.length)
      : aggregations.length + (aggregations.includes('quantiles') ? quantiles.length : 0)
  const outputs = perWindow * windows.length * (late === 'add' ? 2 : 1) + (output.includes('cumulative') ? 1 : 0)
  let row = BYTES_PER_ROW + (late === 'amend' ? BYTES_PER_AMENDED : 0)
  if (aggregations?.includes('unique')) row += DISTINCT_BYTES
  if (aggregations?.includes('quantiles')) row += SIGNS * limits.buckets * BYTES_PER_BUCKET
  else if (aggregations?.includes('histogram') && rule.buckets) row += SIGNS * HISTOGRAM_BUCKETS * BYTES_PER_BUCKET
  const inputs = limitsOf(rule).cumulative * BYTES_PER_CUMULATIVE
  return maxGroups * (BYTES_PER_GROUP + outputs * BYTES_PER_OUTPUT + panes * row) + inputs
}
