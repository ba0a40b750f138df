import { GROUP_KINDS, type GroupKind } from '../groups/groups.ts'
import type { RuleSettings } from '../settings.ts'
import { type Aggregation, CUMULATIVE_AGGREGATIONS } from './aggregation.ts'

const VALUES: readonly GroupKind[] = ['counter', 'up_down_counter', 'gauge', 'event']
/** Gauges are not summed: how much there is now and how much there was a moment ago do not add up to anything. */
const MEANINGFUL: Readonly<Record<Aggregation, readonly GroupKind[]>> = {
  count: GROUP_KINDS,
  sum: ['counter', 'up_down_counter', 'histogram', 'event'],
  min: [...VALUES, 'histogram'],
  max: [...VALUES, 'histogram'],
  avg: [...VALUES, 'histogram'],
  last: VALUES,
  unique: ['set'],
  quantiles: [...VALUES, 'histogram'],
  histogram: [...VALUES, 'histogram']
}

/** What each kind is made for; for gauges that depends. */
const USUAL: Readonly<Record<Exclude<GroupKind, 'gauge'>, readonly Aggregation[]>> = {
  counter: ['sum'],
  up_down_counter: ['sum'],
  histogram: ['histogram'],
  event: ['count', 'sum'],
  set: ['unique']
}

/** What has to be known of values besides their number and sum. */
export interface Needs {
  readonly extremes: boolean
  readonly last: boolean
  readonly buckets: boolean
  readonly distinct: boolean
}

/** What a rule does with one kind of group. */
export interface KindPlan {
  readonly perWindow: readonly Aggregation[]
  readonly totals: readonly Aggregation[]
  readonly needs: Needs
}

/** By index into `GROUP_KINDS`. Undefined where nothing is aggregated: such points pass through. */
export function plansOf(rule: RuleSettings): readonly (KindPlan | undefined)[] {
  return GROUP_KINDS.map(kind => planOf(kind, rule))
}

/** True where no measurement passes through as it came, but for gauges, which each point tells anew. */
export function aggregatesAll(rules: readonly RuleSettings[]): boolean {
  const plans = rules.filter(({ match }) => match === undefined).map(plansOf)
  return GROUP_KINDS.every((kind, i) => kind === 'gauge' || plans.some(own => own[i] !== undefined))
}

function planOf(kind: GroupKind, rule: RuleSettings): KindPlan | undefined {
  const { aggregations, attribute, output, buckets } = rule
  const meaningful = (one: Aggregation) =>
    MEANINGFUL[one].includes(kind) || (one === 'unique' && attribute !== undefined)
  const all = aggregations?.filter(meaningful) ?? (kind === 'gauge' ? rule.gauges : USUAL[kind])
  const perWindow = output.includes('delta') ? all : []
  const totals = output.includes('cumulative') ? all.filter(one => CUMULATIVE_AGGREGATIONS.includes(one)) : []
  const made = new Set([...perWindow, ...totals])
  if (made.size === 0) return undefined
  const needs = {
    extremes: made.has('min') || made.has('max') || (made.has('histogram') && !buckets),
    last: made.has('last'),
    buckets: made.has('quantiles') || (made.has('histogram') && buckets),
    distinct: made.has('unique')
  }
  return { perWindow, totals, needs }
}
