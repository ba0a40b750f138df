import { hyperLogLogBytes } from '../model/sketch/hyperloglog.ts'
import { MAX_OVERFLOW_GROUPS } from './groups.ts'
import type { InputLimits } from './inputs.ts'
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
const BYTES_PER_CUMULATIVE = 400
/** Of these the identity's. */
const BYTES_PER_CUMULATIVE_IDENTITY = 300
/** A series that is looked up fast: it is kept because of that. */
const BYTES_PER_FAST = 1280
/** An identity is there as an object and as bytes, and again in each series that is sent. */
const COPIES_OF_IDENTITY = 2
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
  const fast = Math.max(LEAST_FAST, maxGroups)
  const cumulative = Math.max(LEAST_CUMULATIVE, maxGroups)
  const cumulativeBytes = cumulative * BYTES_PER_CUMULATIVE_IDENTITY
  return { fast, fastBytes: fast * BYTES_PER_FAST, cumulative, cumulativeBytes }
}

/** The places among `maxGroups` that a group takes for each byte of its identity beyond the usual. */
export function placesPerByteOf(rule: RuleSettings): number {
  return (COPIES_OF_IDENTITY + outputsOf(rule)) / bytesPerGroup(rule, 0)
}

function boundOf(rule: RuleSettings, allowedLatenessMs: number): number {
  const { fastBytes, cumulative } = limitsOf(rule)
  const groups = rule.maxGroups + MAX_OVERFLOW_GROUPS
  return groups * bytesPerGroup(rule, allowedLatenessMs) + fastBytes + cumulative * BYTES_PER_CUMULATIVE
}

function bytesPerGroup(rule: RuleSettings, allowedLatenessMs: number): number {
  const { aggregations, windows, limits, late, amendMs } = rule
  const kept = late === 'amend' ? amendMs : 0
  let panes = 0
  // Of windows that overlap the sums of neighbours are kept as well, together as much as the panes.
  for (const { sizeMs, everyMs } of windows) {
    const covered = sizeMs + allowedLatenessMs + kept
    panes += Math.ceil(covered / everyMs) * (sizeMs === everyMs ? 1 : 2) + 1
  }
  let row = BYTES_PER_ROW + (late === 'amend' ? BYTES_PER_AMENDED : 0)
  if (aggregations?.includes('unique')) row += DISTINCT_BYTES
  if (aggregations?.includes('quantiles')) row += SIGNS * limits.buckets * BYTES_PER_BUCKET
  else if (aggregations?.includes('histogram') && rule.buckets) row += SIGNS * HISTOGRAM_BUCKETS * BYTES_PER_BUCKET
  return BYTES_PER_GROUP + outputsOf(rule) * BYTES_PER_OUTPUT + panes * row
}

/** Series that are sent of a group. */
function outputsOf({ aggregations, gauges, windows, quantiles, output, late }: RuleSettings): number {
  const perWindow =
    aggregations === undefined
      ? Math.max(1, gauges.length)
      : aggregations.length + (aggregations.includes('quantiles') ? quantiles.length : 0)
  return perWindow * windows.length * (late === 'add' ? 2 : 1) + (output.includes('cumulative') ? 1 : 0)
}
