import type { Aggregation } from './aggregations/aggregation.ts'
import { aggregationOf } from './aggregations/index.ts'
import { accumulatorsOf } from './aggregations/plan.ts'
import type { LookupLimits } from './input/series-lookup.ts'
import type { RuleSettings, WindowSettings } from './settings.ts'

/** Identity and totals, as measured with five attributes. */
const BYTES_PER_GROUP = 500
/** A series that is sent, as measured. */
const BYTES_PER_OUTPUT = 900
/** A row of a pane if half of its table is empty: sum, count, extremes and last value. */
const BYTES_PER_ROW = 112
/** A note that a late point changed the group, until the window is sent again. */
const BYTES_PER_AMENDED = 40
/** Last point and identity of a cumulative series. */
const BYTES_PER_CUMULATIVE = 300
/** Series may be many even if groups are few. */
const LEAST_FAST = 2 ** 17
const LEAST_CUMULATIVE = 1_000_000

/**
 * The most bytes that are remembered if all groups are active in every window and each value differs. With the usual
 * aggregations all groups are taken for numbers; the README says how much a set or a histogram takes besides.
 */
export function memoryBoundOf({ rules, allowedLatenessMs }: WindowSettings): number {
  return rules.reduce((bytes, rule) => bytes + boundOf(rule, allowedLatenessMs), 0)
}

/** The number of input series that a rule remembers. */
export function limitsOf({ maxGroups }: RuleSettings): LookupLimits {
  return { fast: Math.max(LEAST_FAST, maxGroups), cumulative: Math.max(LEAST_CUMULATIVE, maxGroups) }
}

function boundOf(rule: RuleSettings, allowedLatenessMs: number): number {
  const { aggregations, gauges, windows, limits, output, late, amendMs, maxGroups } = rule
  const kept = late === 'amend' ? amendMs : 0
  let panes = 0
  // If windows overlap, the sums of neighbouring panes are kept as well. Together they take as much as the panes.
  for (const { sizeMs, everyMs } of windows) {
    const covered = sizeMs + allowedLatenessMs + kept
    panes += Math.ceil(covered / everyMs) * (sizeMs === everyMs ? 1 : 2) + 1
  }
  const made = aggregations?.map(aggregationOf) ?? []
  const perWindow = aggregations === undefined ? Math.max(1, gauges.length) : sum(made.map(one => seriesOf(one, rule)))
  const outputs = perWindow * windows.length * (late === 'add' ? 2 : 1) + (output.includes('cumulative') ? 1 : 0)
  const accumulated = sum(accumulatorsOf(made, rule).map(type => type.bytesPerGroup(limits)))
  const row = BYTES_PER_ROW + accumulated + (late === 'amend' ? BYTES_PER_AMENDED : 0)
  const inputs = limitsOf(rule).cumulative * BYTES_PER_CUMULATIVE
  return maxGroups * (BYTES_PER_GROUP + outputs * BYTES_PER_OUTPUT + panes * row) + inputs
}

/** Series of a group at one time. Outputs that no attribute sets apart are alternatives. */
function seriesOf(aggregation: Aggregation, rule: RuleSettings): number {
  const apart = aggregation.outputs(rule).filter(({ attribute }) => attribute !== undefined)
  return Math.max(1, apart.length)
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
