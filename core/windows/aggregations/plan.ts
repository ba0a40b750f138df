import type { MatchConfig } from '../../model/matching/config.ts'
import { GROUP_KINDS, type GroupKind } from '../groups/group-kind.ts'
import type { RuleSettings } from '../settings.ts'
import type { AccumulatorType } from './accumulator.ts'
import type { Aggregation, Output } from './aggregation.ts'
import { AGGREGATIONS, type AggregationName, aggregationOf, type NamedAggregation } from './index.ts'

/** The aggregations that each kind is made for; those of gauges are an option. */
const USUAL: Readonly<Record<Exclude<GroupKind, 'gauge'>, readonly AggregationName[]>> = {
  counter: ['sum'],
  up_down_counter: ['sum'],
  histogram: ['histogram'],
  event: ['count', 'sum'],
  set: ['unique']
}
/** If all values of events were 1 their sum is their count. */
const USUAL_OF_EVENTS_WITHOUT_VALUES: readonly AggregationName[] = ['count']

/** How a rule aggregates. */
export interface RulePlan {
  /** By index into `GROUP_KINDS`. Undefined: items of the kind are not aggregated, and pass through. */
  readonly kinds: readonly (KindPlan | undefined)[]
  /** State that any kind needs. */
  readonly accumulators: readonly AccumulatorType[]
  /** The series of a group in each output stream. */
  readonly outputs: readonly PlannedOutput[]
}

/** How a rule aggregates one kind of group. */
export interface KindPlan {
  readonly perWindow: readonly PlannedAggregation[]
  readonly totals: readonly PlannedAggregation[]
  /** Indexes into the accumulators of the rule. */
  readonly accumulators: readonly number[]
  /** The plan for groups of events whose values were all 1; undefined: the same. */
  readonly withoutValues: KindPlan | undefined
}

export interface PlannedAggregation {
  readonly aggregation: NamedAggregation
  /** Index of its first output among those of the rule. */
  readonly firstOutput: number
}

export interface PlannedOutput {
  readonly aggregation: AggregationName
  readonly output: Output
}

export function planOf(rule: RuleSettings): RulePlan {
  const named = namedBy(rule)
  const accumulators = accumulatorsOf(named, rule)
  const outputs = named.flatMap(({ name, outputs }) =>
    outputs(rule).map((output): PlannedOutput => ({ aggregation: name, output }))
  )
  return { kinds: GROUP_KINDS.map(kind => kindPlan(kind, rule, accumulators, outputs)), accumulators, outputs }
}

/** Every accumulator that one of the `aggregations` needs, once. */
export function accumulatorsOf(aggregations: readonly Aggregation[], rule: RuleSettings): AccumulatorType[] {
  return [...new Set(aggregations.flatMap(one => one.accumulators(rule)))]
}

/** True if no measurement passes through as it came, but for gauges, which each point tells anew. */
export function aggregatesAll(rules: readonly RuleSettings[]): boolean {
  const plans = rules.map(rule => ({ match: rule.match, kinds: planOf(rule).kinds }))
  return GROUP_KINDS.every(
    (kind, i) => kind === 'gauge' || plans.some(({ match, kinds }) => kinds[i] !== undefined && takesAll(match, kind))
  )
}

/** True if the conditions hold for all items of the kind, as far as the kinds they name tell. */
function takesAll(match: MatchConfig | undefined, kind: GroupKind): boolean {
  if (match === undefined) return true
  const kinds = kind === 'histogram' ? ['histogram', 'exponential_histogram'] : [kind]
  return [match].flat().some(conditions => {
    const named = [conditions.kind ?? []].flat()
    return Object.keys(conditions).length === 1 && kinds.every(one => named.some(name => name === one))
  })
}

function namedBy({ aggregations, gauges }: RuleSettings): NamedAggregation[] {
  const names = new Set(aggregations ?? [...Object.values(USUAL).flat(), ...gauges])
  return AGGREGATIONS.filter(({ name }) => names.has(name))
}

function kindPlan(
  kind: GroupKind,
  rule: RuleSettings,
  accumulators: readonly AccumulatorType[],
  outputs: readonly PlannedOutput[]
): KindPlan | undefined {
  const planned = (names: readonly AggregationName[]): KindPlan | undefined => {
    const all = names.map(name => ({
      aggregation: aggregationOf(name),
      firstOutput: outputs.findIndex(({ aggregation }) => aggregation === name)
    }))
    const perWindow = rule.output.includes('delta') ? all : []
    const growing = all.filter(({ aggregation }) => aggregation.emitTotal !== undefined)
    const totals = rule.output.includes('cumulative') ? growing : []
    const made = [...perWindow, ...totals].map(({ aggregation }) => aggregation)
    if (made.length === 0) return undefined
    const needed = accumulatorsOf(made, rule).map(type => accumulators.indexOf(type))
    return { perWindow, totals, accumulators: needed, withoutValues: undefined }
  }
  if (rule.aggregations !== undefined)
    return planned(rule.aggregations.filter(name => aggregationOf(name).takes(kind, rule)))
  if (kind === 'gauge') return planned(rule.gauges)
  const usual = planned(USUAL[kind])
  return usual && kind === 'event' ? { ...usual, withoutValues: planned(USUAL_OF_EVENTS_WITHOUT_VALUES) } : usual
}
