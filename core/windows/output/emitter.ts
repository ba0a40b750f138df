import type { PointBlock } from '../../model/points.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import type { Context } from '../../plugin/context.ts'
import type { KindPlan, RulePlan } from '../aggregations/plan.ts'
import type { Groups } from '../groups/groups.ts'
import type { Pane } from '../panes/pane.ts'
import { Totals } from '../panes/totals.ts'
import type { SizedWindows } from '../panes/window-size.ts'
import type { ClosedWindow } from '../panes/windows.ts'
import type { RuleSettings } from '../settings.ts'
import { OutputSeries, type OutputStream } from './output-series.ts'
import { PointWriter } from './point-writer.ts'
import { TotalSink } from './total-sink.ts'
import { WindowSink } from './window-sink.ts'

/** Rows of a pane that are emitted, or groups that expire, before the caller may do something else. */
const ROWS_PER_STEP = 256

/** Turns closed windows into points: per-window values at the window's end, and totals that only grow. */
export class Emitter {
  readonly totals: Totals
  #rule: RuleSettings
  #plan: RulePlan
  #sizes: readonly SizedWindows[]
  #groups: Groups
  /** As that of the groups was when the emission began. */
  #hasValues = new Uint8Array()
  #series: OutputSeries
  #writer: PointWriter
  #windowSink: WindowSink
  #totalSink: TotalSink

  /** @param withoutBuckets counts histograms that should have buckets, and have none */
  constructor(
    rule: RuleSettings,
    plan: RulePlan,
    sizes: readonly SizedWindows[],
    groups: Groups,
    { account, series }: Pick<Context, 'account' | 'series'>,
    withoutBuckets: { add(points: number): void }
  ) {
    this.#rule = rule
    this.#plan = plan
    this.#sizes = sizes
    this.#groups = groups
    this.#series = new OutputSeries(sizes, groups, series, rule, plan.outputs)
    this.#writer = new PointWriter(series, rule.buckets ? withoutBuckets : undefined)
    this.totals = new Totals(rule.limits)
    this.#windowSink = new WindowSink(this.#writer, account)
    this.#totalSink = new TotalSink(this.totals, this.#series.totals, this.#writer)
  }

  /** Windows are about to be emitted. What comes for their groups meanwhile does not change their points. */
  begin(): void {
    this.#hasValues = this.#groups.hasValues.slice(0, this.#groups.length)
  }

  /** The points of a window that has closed, some of them at a time. One window after the other. */
  *blocksOf(closed: ClosedWindow): Generator<readonly PointBlock[]> {
    if (this.#sizes[closed.sizeIndex].listed) {
      yield* this.#windowPoints(closed, closed.onTime, this.#series.windows[closed.sizeIndex])
      if (this.#rule.late === 'add') yield* this.#windowPoints(closed, closed.late, this.#series.late[closed.sizeIndex])
    }
    if (closed.sizeIndex === 0) yield* this.#totalPoints(closed)
    yield this.#writer.takeAll()
  }

  /** The points of a window that was sent before and has changed. */
  *blocksOfAmended(closed: ClosedWindow): Generator<readonly PointBlock[]> {
    if (this.#sizes[closed.sizeIndex].listed)
      yield* this.#windowPoints(closed, closed.onTime, this.#series.windows[closed.sizeIndex])
    yield this.#writer.takeAll()
  }

  /** The groups of these slots have expired. */
  *expire(slots: readonly number[]): Stepwise<void> {
    for (const [i, slot] of slots.entries()) {
      this.totals.clear(slot)
      this.#series.expire(slot)
      if (i % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
    }
  }

  *#windowPoints(
    { start, end }: ClosedWindow,
    pane: Pane | undefined,
    stream: OutputStream
  ): Generator<readonly PointBlock[]> {
    if (pane === undefined) return
    const sink = this.#windowSink
    sink.stream = stream
    sink.start = start
    sink.end = end
    yield* this.#inSteps(pane, (from, to) => this.#emitWindow(pane, from, to))
  }

  #emitWindow(pane: Pane, from: number, to: number): void {
    const sink = this.#windowSink
    for (let row = from; row < to; row++) {
      if (pane.keys[row] === 0) continue
      sink.slot = pane.keys[row] - 1
      const { perWindow } = this.#planOf(sink.slot)
      for (let i = 0; i < perWindow.length; i++) {
        sink.firstOutput = perWindow[i].firstOutput
        perWindow[i].aggregation.emit(pane, row, sink, this.#rule)
      }
    }
  }

  // The smallest window carries the totals on; larger ones hold the same points again.
  *#totalPoints({ start, end, onTime, late }: ClosedWindow): Generator<readonly PointBlock[]> {
    let pane = onTime ?? late
    if (onTime !== undefined && late !== undefined) {
      pane = onTime.copy()
      pane.addAll(late)
    }
    if (pane === undefined) return
    const all = pane
    yield* this.#inSteps(all, (from, to) => this.#emitTotals(all, from, to, start, end))
    this.#totalSink.release()
  }

  #emitTotals(pane: Pane, from: number, to: number, start: number, end: number): void {
    const sink = this.#totalSink
    for (let row = from; row < to; row++) {
      if (pane.keys[row] === 0) continue
      const slot = pane.keys[row] - 1
      this.#groups.lastActive[slot] = end
      const { totals } = this.#planOf(slot)
      if (totals.length === 0) continue
      sink.add(pane, row, slot, start, end)
      for (let i = 0; i < totals.length; i++) {
        sink.firstOutput = totals[i].firstOutput
        totals[i].aggregation.emitTotal!(sink, sink, this.#rule)
      }
    }
  }

  #planOf(slot: number): KindPlan {
    const plan = this.#plan.kinds[this.#groups.kinds[slot]]!
    return plan.withoutValues !== undefined && this.#hasValues[slot] === 0 ? plan.withoutValues : plan
  }

  *#inSteps(pane: Pane, emit: (from: number, to: number) => void): Generator<readonly PointBlock[]> {
    this.#writer.expect(pane.size)
    for (let from = 0; from < pane.keys.length; from += ROWS_PER_STEP) {
      emit(from, Math.min(pane.keys.length, from + ROWS_PER_STEP))
      yield this.#writer.takeFull()
    }
  }
}
