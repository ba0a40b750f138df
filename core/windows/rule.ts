import type { EventBlock } from '../model/events.ts'
import { compileMatch, type Match } from '../model/matching/match.ts'
import type { PointBlock } from '../model/points.ts'
import type { Series } from '../model/series.ts'
import type { Stepwise } from '../model/stepwise.ts'
import type { Context } from '../plugin/context.ts'
import { Emitter } from './emitter.ts'
import { Grouping } from './grouping.ts'
import { GROUP_KINDS, type GroupKind, Groups, type SavedGroups } from './groups.ts'
import { Inputs, PASS_THROUGH, type SavedInputs, TOO_MANY } from './inputs.ts'
import type { Intake } from './intake.ts'
import { instantsOf } from './intervals.ts'
import { limitsOf, placesPerByteOf } from './memory-bound.ts'
import { COUNTED, type Verdict } from './observation.ts'
import { type KindPlan, plansOf } from './plan.ts'
import { READY, Reader } from './reader.ts'
import { Recorder } from './recorder.ts'
import type { RuleSettings } from './settings.ts'
import type { SavedTotals } from './totals.ts'
import { type SavedWindows, Windows } from './windows.ts'

const EVENT = GROUP_KINDS.indexOf('event')

/** What all rules of an engine count together. */
export interface RuleCounters {
  readonly late: { add(items: number): void }
  readonly withoutBuckets: { add(points: number): void }
}

/** What is on disk. */
export interface SavedRule {
  readonly groups: SavedGroups
  readonly inputs: SavedInputs
  readonly windows: SavedWindows
  readonly totals: SavedTotals
}

/** One rule: what it takes of each block, its groups, its windows, and what it makes of them. */
export class Rule {
  readonly groups: Groups
  readonly windows: Windows
  readonly emitter: Emitter
  #settings: RuleSettings
  #context: Context
  #counters: RuleCounters
  #match: Match | undefined
  #plans: readonly (KindPlan | undefined)[]
  #inputs: Inputs
  #reader: Reader
  #recorder: Recorder
  /** By kind: 1 where numbers need nothing but to be added up. */
  #addsUp: Uint8Array

  constructor(settings: RuleSettings, context: Context, counters: RuleCounters) {
    this.#settings = settings
    this.#context = context
    this.#counters = counters
    this.#match = settings.match && compileMatch(settings.match)
    this.#plans = plansOf(settings)
    const { by, without, attribute, limits, windows, late, amendMs } = settings
    const left = attribute === undefined ? without : [...without, attribute]
    this.groups = new Groups(new Grouping(by, left), settings.maxGroups, placesPerByteOf(settings))
    this.windows = new Windows(windows, { limits, amendMs: late === 'amend' ? amendMs : 0 })
    this.#inputs = new Inputs(this.groups, context.clock.now(), series => this.#kindOf(series), limitsOf(settings))
    this.emitter = new Emitter(settings, this.windows.levels, this.groups, context.series, counters.withoutBuckets)
    this.#reader = new Reader(settings, this.#inputs, this.groups, context.account)
    this.#recorder = new Recorder(this.windows, this.groups, this.#plans, late, context.account)
    this.#addsUp = Uint8Array.from(this.#plans, plan => (plan !== undefined && addsUp(plan) ? 1 : 0))
  }

  addPoints(block: PointBlock, intake: Intake): void {
    const { series, time, value, flags, length } = block
    const instants = instantsOf(block)
    const isPlain = this.#settings.attribute === undefined && block.distributions.size === 0
    const inputs = this.#inputs
    const { windows } = this
    const { newest } = intake
    let { latest } = intake
    for (let i = 0; i < length; i++) {
      const slot = inputs.slotOf(series[i])
      if (slot === PASS_THROUGH || slot === TOO_MANY) {
        this.#refuse(slot, series[i], i, intake)
        continue
      }
      if (time[i] > newest) {
        this.#dropFuture(i, intake)
        continue
      }
      if (time[i] > latest) latest = time[i]
      const at = instants[i]
      const isNumber = slot >= 0 && flags[i] === 0 && value[i] >= 0 && value[i] < Number.POSITIVE_INFINITY
      if (isPlain && isNumber && this.#addsUp[this.groups.kinds[slot]] === 1 && !windows.isLate(at)) {
        windows.paneAt(at).add(slot, value[i], 1)
        intake.count(i)
      } else if (!this.#isHandedOn(at, i, intake)) this.#settle(this.#reader.point(block, i, slot, at), i, intake)
    }
    intake.latest = latest
  }

  addEvents(block: EventBlock, intake: Intake): void {
    if (this.#plans[EVENT] === undefined) return
    for (let i = 0; i < block.length; i++) {
      if (this.#match !== undefined && !this.#match.event(block, i)) continue
      const at = block.time[i]
      if (at > intake.newest) {
        this.#dropFuture(i, intake)
        continue
      }
      if (at > intake.latest) intake.latest = at
      if (!this.#isHandedOn(at, i, intake)) this.#settle(this.#reader.event(block, i), i, intake)
    }
  }

  /** Forgets groups and cumulative series that stood still since `time`. */
  forget(time: number): void {
    const gone = this.groups.expire(time, this.windows.slotsInUse(this.groups.length))
    this.emitter.forget(gone)
    this.#inputs.expire(time, gone)
  }

  get bytes(): number {
    return this.windows.bytes + this.groups.bytes + this.#inputs.bytes + this.emitter.totals.bytes
  }

  *save(): Stepwise<SavedRule> {
    return {
      groups: yield* this.groups.save(),
      inputs: yield* this.#inputs.save(),
      windows: yield* this.windows.save(),
      totals: yield* this.emitter.totals.save(this.groups.length)
    }
  }

  restore({ groups, inputs, windows, totals }: SavedRule): void {
    this.groups.restore(groups)
    this.#inputs.restore(inputs)
    this.windows.restore(windows)
    this.emitter.totals.restore(totals, this.#settings.limits)
  }

  #kindOf(series: Series): GroupKind | undefined {
    if (this.#match !== undefined && !this.#match.series(series)) return undefined
    if (this.#settings.refusalOf?.(series) !== undefined) return undefined
    // What an attribute says is said anew by every point.
    const kind = this.#settings.attribute === undefined ? countedAs(series) : 'event'
    return kind === undefined || this.#plans[GROUP_KINDS.indexOf(kind)] === undefined ? undefined : kind
  }

  #settle(read: Verdict | typeof READY, i: number, intake: Intake): void {
    const { observation } = this.#reader
    if (read === READY && this.windows.isLate(observation.time)) this.#counters.late.add(1)
    const verdict = read === READY ? this.#recorder.record(observation) : read
    if (verdict === COUNTED) intake.count(i)
    else intake.take(i)
  }

  // Before anything remembers it: what is handed on was not counted here.
  #isHandedOn(time: number, i: number, intake: Intake): boolean {
    if (this.#settings.late !== 'side_output' || !this.windows.isLate(time)) return false
    this.#counters.late.add(1)
    intake.handOn(i)
    return true
  }

  #refuse(slot: number, series: Series, i: number, intake: Intake): void {
    const refusal = slot === TOO_MANY ? 'too_many_series' : this.#settings.refusalOf?.(series)
    if (refusal === undefined) return
    this.#context.account.drop(refusal)
    intake.take(i)
  }

  #dropFuture(i: number, intake: Intake): void {
    this.#context.account.drop('future')
    intake.take(i)
  }
}

const addsUp = ({ needs }: KindPlan) => !needs.extremes && !needs.last && !needs.buckets && !needs.distinct

function countedAs({ metric: { kind, temporality } }: Series): GroupKind | undefined {
  if (kind === 'up_down_counter') return temporality === 'delta' ? kind : 'gauge'
  if (kind === 'counter' || kind === 'gauge' || kind === 'set') return kind
  return kind === 'histogram' || kind === 'exponential_histogram' ? 'histogram' : undefined
}
