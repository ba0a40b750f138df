import type { Account } from '../../telemetry/account.ts'
import type { KindPlan } from '../aggregations/plan.ts'
import type { Groups } from '../groups/groups.ts'
import type { Windows } from '../panes/windows.ts'
import type { LatePolicy } from '../settings.ts'
import { COUNTED, DROPPED, type Observation, type Recording } from './observation.ts'

/** Some ten MB of observations. */
const MANY = 65_536

/** Puts observations into the panes they count in, as far as their rule wants late ones. */
export class Recorder {
  #windows: Windows
  #groups: Groups
  #plans: readonly (KindPlan | undefined)[]
  #late: LatePolicy
  #account: Account
  /** Late ones that came while windows were being closed. */
  #deferred: Observation[] = []

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

  record(observation: Observation): Recording {
    const { time, slot } = observation
    const { accumulators } = this.#plans[this.#groups.kinds[slot]]!
    const pane = this.#windows.openPaneAt(time)
    if (pane !== undefined) {
      pane.observe(observation, accumulators)
      return COUNTED
    }
    const isRefused = this.#late === 'drop' || (this.#late === 'amend' && this.#windows.isBeyondAmending(time))
    if (isRefused) {
      this.#account.drop('late')
      return DROPPED
    }
    if (this.#windows.isClosing) this.#deferred.push({ ...observation })
    else for (const pane of this.#windows.panesOfLate(time, slot)) pane.observe(observation, accumulators)
    return COUNTED
  }

  /** True if so many late observations wait for windows to be closed that no more items should come before that. */
  get hasManyDeferred(): boolean {
    return this.#deferred.length >= MANY
  }

  /** Windows are being closed no more: late observations that came meanwhile go into their panes. */
  recordDeferred(): void {
    for (const observation of this.#deferred.splice(0)) this.record(observation)
  }
}
