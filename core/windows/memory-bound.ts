import { FIRST_POINTS_BYTES } from '../model/first-points.ts'
import type { Aggregation } from './aggregations/aggregation.ts'
import { aggregationOf } from './aggregations/index.ts'
import { accumulatorsOf } from './aggregations/plan.ts'
import { MAX_OVERFLOW_GROUPS } from './groups/groups.ts'
import type { LookupLimits } from './input/series-lookup.ts'
import type { RuleSettings, WindowSettings } from './settings.ts'

/** Identity and totals, as measured with five attributes. */
const BYTES_PER_GROUP = 500
/**
 * A series that is sent, with its labels in one exporter, as measured. Most take 60 to 80: they are linked, and their labels are
 * composed. If neither can be, both are lists of parts: 230 with five attributes, 470 with forty, which identities of usual size
 * have at most.
 */
const BYTES_PER_OUTPUT = 480
/** A row of a pane if half of its table is empty: sum, count, extremes and last value. */
const BYTES_PER_ROW = 112
/** A note that a late point changed the group, until the window is sent again. */
const BYTES_PER_AMENDED = 40
/** Last point and identity of a cumulative series. */
const BYTES_PER_CUMULATIVE = 400
/** The part of {@link BYTES_PER_CUMULATIVE} that is the identity. */
const BYTES_PER_CUMULATIVE_IDENTITY = 300
/** Series may be many even if groups are few. */
const LEAST_CUMULATIVE = 1_000_000

/**
 * The most bytes that are remembered if all groups are active in every window and each value differs. With the usual
 * aggregations all groups are taken for numbers; the README says how much a set or a histogram takes besides.
 */
export function memoryBoundOf({ rules, allowedLatenessMs }: WindowSettings): number {
  return rules.reduce((bytes, rule) => bytes + boundOf(rule, allowedLatenessMs), 0)
}

/** The most input series that a rule remembers. */
export function limitsOf({ maxGroups }: RuleSettings): LookupLimits {
  const cumulative = Math.max(LEAST_CUMULATIVE, maxGroups)
  const cumulativeBytes = cumulative * BYTES_PER_CUMULATIVE_IDENTITY
  return { cumulative, cumulativeBytes }
}

/** The share of `maxGroups` that a group takes for each byte by which its identity exceeds the usual size. */
export function quotaPerByteOf(rule: RuleSettings): number {
  // Each output series has the identity once more.
  return (1 + outputsOf(rule)) / bytesPerGroup(rule, 0)
}

function boundOf(rule: RuleSettings, allowedLatenessMs: number): number {
  const { cumulative } = limitsOf(rule)
  const groups = rule.maxGroups + MAX_OVERFLOW_GROUPS
  const inputs = cumulative * BYTES_PER_CUMULATIVE + FIRST_POINTS_BYTES
  return groups * bytesPerGroup(rule, allowedLatenessMs) + inputs
}

function bytesPerGroup(rule: RuleSettings, allowedLatenessMs: number): number {
  const { aggregations, windows, limits, late, amendMs } = rule
  const kept = late === 'amend' ? amendMs : 0
  let panes = 0
  // If windows overlap, the sums of neighbouring panes are kept as well. Together they take as much as the panes.
  for (const { sizeMs, everyMs } of windows) {
    const covered = sizeMs + allowedLatenessMs + kept
    panes += Math.ceil(covered / everyMs) * (sizeMs === everyMs ? 1 : 2) + 1
  }
  const made = aggregations?.map(aggregationOf) ?? []
  const accumulated = sum(accumulatorsOf(made, rule).map(type => type.bytesPerGroup(limits)))
  const row = BYTES_PER_ROW + accumulated + (late === 'amend' ? BYTES_PER_AMENDED : 0)
  return BYTES_PER_GROUP + outputsOf(rule) * BYTES_PER_OUTPUT + panes * row
}

/** Output series of a group. */
function outputsOf(rule: RuleSettings): number {
  const { aggregations, gauges, windows, output, late } = rule
  const made = aggregations?.map(aggregationOf)
  const perWindow = made === undefined ? Math.max(1, gauges.length) : sum(made.map(one => seriesOf(one, rule)))
  return perWindow * windows.length * (late === 'add' ? 2 : 1) + (output.includes('cumulative') ? 1 : 0)
}

/** Series of a group at one time. Outputs that no attribute sets apart are alternatives. */
function seriesOf(aggregation: Aggregation, rule: RuleSettings): number {
  const apart = aggregation.outputs(rule).filter(({ attribute }) => attribute !== undefined)
  return Math.max(1, apart.length)
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
