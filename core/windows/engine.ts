import { Observable, type OperatorFunction } from 'rxjs'
import type { DistinctSketch, MemberSet } from '../model/distribution.ts'
import type { EventBlock } from '../model/events.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlock, PointBlockBuilder } from '../model/points.ts'
import type { Batch } from '../pipeline/batch.ts'
import type { Context } from '../plugin/context.ts'
import type { StreamProcessor } from '../plugin/contract.ts'
import { Emitter } from './emitter.ts'
import { Groups } from './groups.ts'
import { CUMULATIVE, type Increment, Inputs, PASS_THROUGH } from './inputs.ts'
import type { HistogramPoint } from './merged-histogram.ts'
import { Outbox } from './outbox.ts'
import type { WindowSettings } from './settings.ts'
import { restoreState, saveState } from './snapshot.ts'
import type { State } from './state.ts'
import { Watermark } from './watermark.ts'
import { Windows } from './windows.ts'

const TICKS_PER_PANE = 4
const SHORTEST_TICK_MS = 50
const LONGEST_TICK_MS = 500
/** Groups and cumulative series that stood still for this long, and for two of the largest windows, are forgotten. */
const FORGET_AFTER_MS = 3_600_000

/** Counts and sums points and events in tumbling windows of event time. Points that cannot be counted pass through. */
export class WindowEngine implements StreamProcessor {
  #settings: WindowSettings
  #context: Context
  #state: State
  #output: ((batch: Batch) => void) | undefined
  #cancelTick: () => void = () => {}
  /** Number of the last hour that was swept in. */
  #swept = 0
  #increment: Increment = { slot: 0, sum: 0, count: 0, histogram: undefined }
  #latePoints: { add(items: number): void }

  constructor(settings: WindowSettings, context: Context) {
    this.#settings = settings
    this.#context = context
    const windows = new Windows(settings.sizesMs)
    const withoutBuckets = context.instruments.counter(
      'histograms_without_buckets_total',
      'Histogram points sent with count and sum alone, since buckets were unknown or could not be added up.'
    )
    const groups = new Groups(context.series, settings.by, settings.maxGroups)
    this.#state = {
      windows,
      groups,
      inputs: new Inputs(groups, context.clock.now(), settings.output.includes('delta')),
      emitter: new Emitter(windows.levels, groups, context.series, settings.output, withoutBuckets),
      outbox: new Outbox(context),
      watermark: new Watermark(settings.allowedLatenessMs, settings.idleTimeoutMs)
    }
    this.#latePoints = context.instruments.counter(
      'late_items_total',
      'Items that came after their smallest window had closed.'
    )
    this.#exposeState()
  }

  operator(): OperatorFunction<Batch, Batch> {
    return source =>
      new Observable(output => {
        this.#output = batch => output.next(batch)
        return source.subscribe({
          next: batch => {
            // RxJS would throw it again in a timer, where it ends the process.
            try {
              this.#take(batch)
            } catch (error) {
              output.error(error)
            }
          },
          error: error => output.error(error),
          complete: () => this.#complete(() => output.complete())
        })
      })
  }

  async start(): Promise<void> {
    this.#swept = Math.floor(this.#context.clock.now() / FORGET_AFTER_MS)
    this.#scheduleTick()
  }

  async stop(): Promise<void> {
    this.#cancelTick()
  }

  snapshot(): Uint8Array {
    return saveState(this.#state, this.#settings)
  }

  restore(bytes: Uint8Array): void {
    restoreState(bytes, this.#state, this.#settings, this.#context)
  }

  #take(batch: Batch): void {
    const { block, origin } = batch
    const passing =
      block.type === 'points' ? this.#addPoints(block, origin.source) : this.#addEvents(block, origin.source)
    if (passing === block) return this.#output?.(batch)
    // From here the rest is this processor's too: the batch must not come again because of it.
    if (passing !== undefined) this.#state.outbox.put(passing)
    batch.ack()
    if (passing !== undefined) this.#send()
  }

  /** Counts what it can; returns the points that pass through: none, some, or the block itself. */
  #addPoints(block: PointBlock, source: string): PointBlock | undefined {
    const { series, time, value, flags, length } = block
    const hasDistributions = block.distributions.size > 0
    const { inputs, windows } = this.#state
    const now = this.#context.clock.now()
    const newest = now + this.#settings.maxFutureSkewMs
    let latest = Number.NEGATIVE_INFINITY
    let passing: PointBlockBuilder | undefined
    let counted = 0
    for (let i = 0; i < length; i++) {
      const slot = inputs.slotOf(series[i])
      if (slot === PASS_THROUGH) {
        passing ??= new PointBlockBuilder()
        passing.copy(block, i)
        continue
      }
      const at = time[i]
      if (at > newest) {
        this.#context.account.drop('future')
        continue
      }
      if (at > latest) latest = at
      const isPlain = slot >= 0 && flags[i] === 0 && value[i] >= 0 && value[i] < Number.POSITIVE_INFINITY
      if (isPlain && !hasDistributions && !windows.isLate(at)) {
        windows.add(slot, at, value[i], 1)
        counted++
      } else if (this.#addOther(block, i, slot)) counted++
    }
    this.#context.account.absorbed += counted
    if (passing?.length === length) return block
    if (latest > Number.NEGATIVE_INFINITY) this.#state.watermark.observe(source, latest, now)
    return passing?.build()
  }

  /** Whether point `i`, which is not a plain number in time, was counted; where not, its drop is booked. */
  #addOther(block: PointBlock, i: number, slot: number): boolean {
    if ((block.flags[i] & FLAG_NO_RECORDED_VALUE) !== 0) return true
    const distribution = block.distributions.get(i)
    if (distribution?.kind === 'set' || distribution?.kind === 'distinct')
      return this.#addDistinct(slot, block.time[i], distribution)
    // A histogram may come without a sum; its count counts all the same.
    const histogram = distribution?.kind === 'summary' ? undefined : distribution
    const sum = histogram !== undefined && Number.isNaN(block.value[i]) ? 0 : block.value[i]
    const count = histogram?.count ?? 1
    const series = block.series[i]
    if (!Number.isFinite(sum)) return this.#drop('not_a_number')
    if (sum < 0 && series.metric.kind === 'counter') return this.#drop('negative_increment')
    const increment = this.#increment
    if (slot === CUMULATIVE) {
      const point = { start: block.start[i], time: block.time[i], sum, count: histogram?.count ?? 0, histogram }
      if (!this.#state.inputs.increment(series, point, increment)) return true
      const more = histogram === undefined ? 1 : increment.count
      return this.#add(increment.slot, block.time[i], increment.sum, more, increment.histogram)
    }
    return this.#add(slot, block.time[i], sum, count, histogram)
  }

  #addEvents(block: EventBlock, source: string): undefined {
    const { groups, watermark } = this.#state
    const { clock, account } = this.#context
    const now = clock.now()
    let latest = Number.NEGATIVE_INFINITY
    for (let i = 0; i < block.length; i++) {
      const at = block.time[i]
      if (at > now + this.#settings.maxFutureSkewMs) {
        this.#drop('future')
        continue
      }
      if (at > latest) latest = at
      const group = groups.ofEvent(block.name[i], block.attributes[i])
      if (block.value[i] !== 1) group.hasValues = true
      if (this.#add(group.slot, at, block.value[i], 1)) account.absorbed++
    }
    if (latest > Number.NEGATIVE_INFINITY) watermark.observe(source, latest, now)
    return undefined
  }

  #add(slot: number, time: number, sum: number, count: number, histogram?: HistogramPoint): boolean {
    const { windows } = this.#state
    if (!windows.isLate(time)) {
      windows.add(slot, time, sum, count)
      if (histogram !== undefined) windows.paneAt(time).histogramOf(slot).add(histogram)
      return true
    }
    if (!this.#takesLate()) return false
    for (const pane of windows.panesAt(time)) {
      pane.add(slot, sum, count)
      if (histogram !== undefined) pane.histogramOf(slot).add(histogram)
    }
    return true
  }

  #addDistinct(slot: number, time: number, members: MemberSet | DistinctSketch): boolean {
    const { windows } = this.#state
    if (windows.isLate(time) && !this.#takesLate()) return false
    for (const pane of windows.panesAt(time)) pane.addDistinct(slot, members)
    return true
  }

  #takesLate(): boolean {
    this.#latePoints.add(1)
    return this.#settings.late === 'add' || this.#drop('late')
  }

  #drop(reason: string): false {
    this.#context.account.drop(reason)
    return false
  }

  #scheduleTick(): void {
    const { clock } = this.#context
    const period = Math.min(LONGEST_TICK_MS, Math.max(SHORTEST_TICK_MS, this.#state.windows.paneSize / TICKS_PER_PANE))
    // At multiples of the period, whenever this process began.
    this.#cancelTick = clock.setTimer(period - (clock.now() % period), () => {
      this.#scheduleTick()
      this.#advance(this.#state.watermark.advance(clock.now(), !this.#state.windows.isEmpty))
    })
  }

  // While the outbox waits for credits no window closes: what is owed stays small, and late points still count. With a
  // journal it is the host that waits, and windows close by time alone, so that they close alike when done again.
  #advance(watermark: number): void {
    const { windows, emitter, outbox } = this.#state
    this.#send()
    if (!outbox.isEmpty && !this.#context.replayed) return
    for (const closed of windows.close(watermark)) {
      for (const block of emitter.blocksOf(closed)) {
        this.#context.account.produced += block.length
        outbox.put(block)
      }
      this.#send()
      if (!outbox.isEmpty && !this.#context.replayed) return
    }
    this.#sweep()
  }

  #send(): void {
    if (this.#output !== undefined) this.#state.outbox.send(this.#output)
  }

  /** With a place to keep state the open windows wait for the next start; else they are sent as they stand. */
  #complete(done: () => void): void {
    const { windows, outbox } = this.#state
    this.#cancelTick()
    if (this.#context.durable) return done()
    const flush = () => {
      this.#advance(windows.lastEnd)
      if (outbox.isEmpty) done()
      else this.#cancelTick = this.#context.clock.setTimer(SHORTEST_TICK_MS, flush)
    }
    flush()
  }

  #sweep(): void {
    const hour = Math.floor(this.#context.clock.now() / FORGET_AFTER_MS)
    if (hour === this.#swept) return
    this.#swept = hour
    const { groups, inputs, windows, emitter, watermark } = this.#state
    const largest = Math.max(...this.#settings.sizesMs)
    const before = watermark.value - Math.max(FORGET_AFTER_MS, 2 * largest)
    const gone = groups.expire(before, windows.slotsInUse())
    emitter.forget(gone)
    inputs.expire(before)
  }

  #exposeState(): void {
    const { windows, groups, watermark } = this.#state
    const { instruments, clock } = this.#context
    instruments.gauge('groups', 'Groups counted.', () => groups.size)
    instruments.gauge('overflowed_groups', 'Groups beyond max_groups.', () => groups.overflowed)
    instruments.gauge('open_windows', 'Windows not yet sent.', () => windows.open)
    instruments.gauge('state_bytes', 'Memory of the open windows.', () => windows.bytes)
    instruments.gauge('watermark_lag_seconds', 'How far the watermark is behind the clock.', () =>
      Number.isFinite(watermark.value) ? (clock.now() - watermark.value) / 1000 : 0
    )
  }
}
