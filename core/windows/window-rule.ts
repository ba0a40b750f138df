import type { EventBlock } from '../model/events.ts'
import { compileMatch, type Match } from '../model/matching/match.ts'
import type { NamedSeries } from '../model/named-series.ts'
import type { PointBlock } from '../model/points.ts'
import type { Series } from '../model/series-table/series-table.ts'
import type { Stepwise } from '../model/stepwise.ts'
import type { Context } from '../plugin/context.ts'
import { planOf, type RulePlan } from './aggregations/plan.ts'
import { DELTA_KINDS, GROUP_KINDS, type GroupKind } from './groups/group-kind.ts'
import { Grouping } from './groups/grouping.ts'
import { Groups, type SavedGroups } from './groups/groups.ts'
import type { Disposition } from './input/disposition.ts'
import { Extractor, READY } from './input/extractor.ts'
import { instantOf, instantOfDelta } from './input/intervals.ts'
import { COUNTED, type Recording } from './input/observation.ts'
import { Recorder } from './input/recorder.ts'
import { NOT_LOOKED_UP, PASS_THROUGH, type SavedSeriesLookup, SeriesLookup, TOO_MANY } from './input/series-lookup.ts'
import { limitsOf, quotaPerByteOf } from './memory-bound.ts'
import { Emitter } from './output/emitter.ts'
import { namedOutputs } from './output/named-outputs.ts'
import { windowText } from './output/output-series.ts'
import type { Pane } from './panes/pane.ts'
import type { SavedTotals } from './panes/totals.ts'
import type { WindowOptions, WindowSize } from './panes/window-size.ts'
import { type SavedWindows, Windows } from './panes/windows.ts'
import { withSizes } from './reload/changed-sizes.ts'
import type { RuleSettings } from './settings.ts'

const EVENT = GROUP_KINDS.indexOf('event')
/** Numbers of a kind need no more than a sum and a count, at the time of the point or in the last instant of a delta. */
const ADDS_UP = 1
const ADDS_UP_AS_DELTA = 2

/** Counters that all rules of an engine share. */
export interface RuleCounters {
  readonly late: { add(items: number): void }
  readonly withoutBuckets: { add(points: number): void }
}

/** A rule's state on disk. */
export interface SavedRule {
  readonly groups: SavedGroups
  readonly inputs: SavedSeriesLookup
  readonly windows: SavedWindows
  readonly totals: SavedTotals
}

/** One rule of an engine: its input of each block, its groups, its windows and its output. */
export class WindowRule {
  readonly groups: Groups
  readonly windows: Windows
  readonly emitter: Emitter
  #settings: RuleSettings
  #options: WindowOptions
  #context: Context
  #counters: RuleCounters
  #match: Match | undefined
  #plan: RulePlan
  #grouping: Grouping
  #lookup: SeriesLookup
  #extractor: Extractor
  #recorder: Recorder
  /** By kind; 0 if numbers need more. */
  #addsUp: Uint8Array

  constructor(settings: RuleSettings, context: Context, counters: RuleCounters) {
    this.#settings = settings
    this.#context = context
    this.#counters = counters
    this.#match = settings.match && compileMatch(settings.match)
    this.#plan = planOf(settings)
    const { kinds, accumulators } = this.#plan
    const { by, without, attribute, limits, windows, late, amendMs } = settings
    const left = attribute === undefined ? without : [...without, attribute]
    this.#grouping = new Grouping(by, left)
    this.groups = new Groups(context.series, this.#grouping, settings.maxGroups, quotaPerByteOf(settings))
    this.#options = { layout: { accumulators, limits }, amendMs: late === 'amend' ? amendMs : 0 }
    this.windows = new Windows(windows, this.#options)
    this.#lookup = new SeriesLookup(
      context.series,
      this.groups,
      context.clock.now(),
      series => this.#kindOf(series),
      limitsOf(settings)
    )
    this.emitter = new Emitter(settings, this.#plan, this.windows.sizes, this.groups, context, counters.withoutBuckets)
    this.#extractor = new Extractor(settings, this.#lookup, this.groups, context.account)
    this.#recorder = new Recorder(this.windows, this.groups, kinds, late, context.account)
    const addsUp = (kind: number) => (DELTA_KINDS.has(GROUP_KINDS[kind]) ? ADDS_UP_AS_DELTA : ADDS_UP)
    this.#addsUp = Uint8Array.from(kinds, (plan, kind) => (plan?.accumulators.length === 0 ? addsUp(kind) : 0))
  }

  addPoints(block: PointBlock, disposition: Disposition): void {
    const slots = this.#lookup.knownSlots(block.series)
    const haveNumbers = this.#settings.attribute === undefined && block.distributions.size === 0
    for (let i = 0; i < block.length; ) {
      const end = haveNumbers && slots[i] >= 0 ? this.#addRun(block, i, slots, disposition) : i
      if (end === i) this.#addPoint(block, i, slots[i++], disposition)
      else i = end
    }
  }

  // The loops have no more in them than they need. So the processor works on many points at a time, and fetches the groups of
  // all of them.
  /** Adds the points from `from` on that need no more than a sum and a count, as far as they are of one pane. Returns their end. */
  #addRun(block: PointBlock, from: number, slots: Int32Array, disposition: Disposition): number {
    const { time, start, value, flags, length } = block
    const { windows } = this
    const { kinds } = this.groups
    const { newest } = disposition
    let { latest } = disposition
    let pane: Pane | undefined
    let i = from
    for (; i < length; i++) {
      const slot = slots[i]
      const isNumber = slot >= 0 && flags[i] === 0 && value[i] >= 0 && value[i] < Number.POSITIVE_INFINITY
      const addsUp = isNumber && time[i] <= newest ? this.#addsUp[kinds[slot]] : 0
      if (addsUp === 0) break
      const open = windows.openPaneAt(addsUp === ADDS_UP_AS_DELTA ? instantOfDelta(start[i], time[i]) : time[i])
      if (open === undefined || (pane !== undefined && open !== pane)) break
      pane = open
      if (time[i] > latest) latest = time[i]
    }
    pane?.addRun(slots, value, from, i)
    disposition.countRun(from, i)
    disposition.latest = latest
    return i
  }

  #addPoint(block: PointBlock, i: number, known: number, disposition: Disposition): void {
    const slot = known === NOT_LOOKED_UP ? this.#lookup.slotOf(block.series, i) : known
    if (slot === PASS_THROUGH || slot === TOO_MANY) return this.#refuse(slot, block.series.read(i), i, disposition)
    const time = block.time[i]
    if (time > disposition.newest) return this.#dropFuture(i, disposition)
    if (time > disposition.latest) disposition.latest = time
    const at = instantOf(block, i)
    if (!this.#isForwarded(at, i, disposition)) this.#settle(this.#extractor.point(block, i, slot, at), i, disposition)
  }

  addEvents(block: EventBlock, disposition: Disposition): void {
    if (this.#plan.kinds[EVENT] === undefined) return
    for (let i = 0; i < block.length; i++) {
      if (this.#match !== undefined && !this.#match.event(block, i)) continue
      const at = block.time[i]
      if (at > disposition.newest) {
        this.#dropFuture(i, disposition)
        continue
      }
      if (at > disposition.latest) disposition.latest = at
      if (!this.#isForwarded(at, i, disposition)) this.#settle(this.#extractor.event(block, i), i, disposition)
    }
  }

  /** Windows up to `watermark` are about to be emitted. Items may be added meanwhile, as if that had been done. */
  beginEmission(watermark: number): void {
    this.windows.beginClosing(watermark)
    this.emitter.begin()
  }

  endEmission(): void {
    this.windows.endClosing()
    this.#recorder.recordDeferred()
  }

  /** True if items should wait for the end of the emission. */
  get hasManyDeferred(): boolean {
    return this.#recorder.hasManyDeferred
  }

  /** Expires groups and cumulative series that stood still since `time`. */
  *expire(time: number): Stepwise<void> {
    const expired = yield* this.groups.expire(time, yield* this.windows.slotsInUse(this.groups.length))
    yield* this.emitter.expire(expired.slots)
    yield* this.#lookup.expire(time, expired)
  }

  /** The series made of a series or event; none with `why` if the rule does not count it. */
  explain(series: NamedSeries): { outputs: readonly NamedSeries[]; why: string; refusal?: string } {
    const { name, kind, attributes } = series
    const none = (why: string) => ({ outputs: [], why })
    if (this.#match?.item(series) === false) return none('it does not match')
    const ofMetric = kind === 'event' ? undefined : { metric: { name, kind }, attributes }
    const refusal = ofMetric && this.#settings.refusalOf?.(ofMetric)
    if (refusal !== undefined) return { ...none(refusal), refusal }
    const group = kind === 'event' || this.#settings.attribute !== undefined ? 'event' : countedAs(series)
    const plan = group && this.#plan.kinds[GROUP_KINDS.indexOf(group)]
    if (group === undefined || plan === undefined) return none(`it aggregates no ${kind.replaceAll('_', ' ')}s`)
    const kindPlan = group === 'event' ? (plan.withoutValues ?? plan) : plan
    const rule = { settings: this.#settings, plan: this.#plan, kindPlan }
    const sizes = this.#settings.windows.map(windowText).join(', ')
    return { outputs: namedOutputs(series, group, this.#grouping, rule), why: `in windows of ${sizes}` }
  }

  get bytes(): number {
    return this.windows.bytes + this.groups.bytes + this.#lookup.bytes + this.emitter.totals.bytes
  }

  *save(): Stepwise<SavedRule> {
    return {
      groups: yield* this.groups.save(),
      inputs: yield* this.#lookup.save(),
      windows: yield* this.windows.save(),
      totals: yield* this.emitter.totals.save(this.groups.length)
    }
  }

  /** @param sizes of the windows when they were saved, in any order */
  restore({ groups, inputs, windows, totals }: SavedRule, sizes: readonly WindowSize[]): void {
    this.groups.restore(groups)
    this.#lookup.restore(inputs)
    this.windows.restore(withSizes(this.windows.sizes, windows, sizes, this.#options))
    this.emitter.totals.restore(totals)
  }

  #kindOf(series: Series): GroupKind | undefined {
    if (this.#match !== undefined && !this.#match.series(series)) return undefined
    if (this.#settings.refusalOf?.(series) !== undefined) return undefined
    // The value of an attribute is a new one with every point.
    const kind = this.#settings.attribute === undefined ? countedAs(series.metric) : 'event'
    return kind === undefined || this.#plan.kinds[GROUP_KINDS.indexOf(kind)] === undefined ? undefined : kind
  }

  #settle(read: Recording | typeof READY, i: number, disposition: Disposition): void {
    const { observation } = this.#extractor
    if (read === READY && this.windows.isLate(observation.time)) this.#counters.late.add(1)
    const recording = read === READY ? this.#recorder.record(observation) : read
    if (recording === COUNTED) disposition.count(i)
    else disposition.consume(i)
  }

  // A late item is forwarded before anything remembers it, since it is not counted here.
  #isForwarded(time: number, i: number, disposition: Disposition): boolean {
    if (this.#settings.late !== 'side_output' || !this.windows.isLate(time)) return false
    this.#counters.late.add(1)
    disposition.forward(i)
    return true
  }

  #refuse(slot: number, series: Series, i: number, disposition: Disposition): void {
    const refusal = slot === TOO_MANY ? 'too_many_series' : this.#settings.refusalOf?.(series)
    if (refusal === undefined) return
    this.#context.account.drop(refusal)
    disposition.consume(i)
  }

  #dropFuture(i: number, disposition: Disposition): void {
    this.#context.account.drop('future')
    disposition.consume(i)
  }
}

function countedAs({ kind, temporality }: Pick<NamedSeries, 'kind' | 'temporality'>): GroupKind | undefined {
  if (kind === 'up_down_counter') return temporality === 'delta' ? kind : 'gauge'
  if (kind === 'counter' || kind === 'gauge' || kind === 'set') return kind
  return kind === 'histogram' || kind === 'exponential_histogram' ? 'histogram' : undefined
}
