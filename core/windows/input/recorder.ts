import { addDistinct } from '../../model/sketch/distinct-sketch.ts'
import type { Account } from '../../telemetry/account.ts'
import type { KindPlan, Needs } from '../aggregations/plan.ts'
import type { Groups } from '../groups/groups.ts'
import type { Pane } from '../panes/pane.ts'
import type { Windows } from '../panes/windows.ts'
import type { LatePolicy } from '../settings.ts'
import { COUNTED, DROPPED, type Observation, type Verdict } from './observation.ts'

/** Puts observations into the panes they count in, as far as their rule wants late ones. */
export class Recorder {
  #windows: Windows
  #groups: Groups
  #plans: readonly (KindPlan | undefined)[]
  #late: LatePolicy
  #account: Account

  constructor(
    windows: Windows,
    groups: Groups,
    plans: readonly (KindPlan | undefined)[],
    late: LatePolicy,
    account: Account
  ) {
    this.#windows = windows
    this.#groups = groups
    this.#plans = plans
    this.#late = late
    this.#account = account
  }

  record(observation: Observation): Verdict {
    const { time, slot } = observation
    const { needs } = this.#plans[this.#groups.kinds[slot]]!
    if (!this.#windows.isLate(time)) {
      put(this.#windows.paneAt(time), observation, needs)
      return COUNTED
    }
    const isRefused = this.#late === 'drop' || (this.#late === 'amend' && this.#windows.isBeyondAmending(time))
    if (isRefused) {
      this.#account.drop('late')
      return DROPPED
    }
    for (const pane of this.#windows.panesOfLate(time, slot)) put(pane, observation, needs)
    return COUNTED
  }
}

function put(pane: Pane, observation: Observation, needs: Needs): void {
  const { slot, value, histogram, members, member } = observation
  const at = pane.place(slot)
  pane.sums[at] += observation.sum
  pane.counts[at] += observation.count
  // An empty histogram has no least value, and makes that of others no less known.
  if (needs.extremes && observation.count > 0) pane.extend(at, observation.min, observation.max)
  const isValue = !Number.isNaN(value)
  if (needs.last && isValue) pane.setLast(at, observation.time, value)
  if (needs.buckets) {
    if (histogram !== undefined) pane.histogramOf(slot).add(histogram)
    else if (isValue) pane.histogramOf(slot).addValue(value)
  }
  if (!needs.distinct) return
  if (members !== undefined) addDistinct(pane.distinctOf(slot), members)
  else if (member !== undefined) pane.distinctOf(slot).add(member)
}
