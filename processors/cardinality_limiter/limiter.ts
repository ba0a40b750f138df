import { TENANT } from '../../core/model/tenant.ts'
import {
  Batch,
  type BatchProcessor,
  type Context,
  type Explanation,
  FLAG_NO_RECORDED_VALUE,
  type NamedSeries,
  type PointBlock,
  PointBlockBuilder,
  type Series,
  type StateFigures
} from '../../sdk/plugin/index.ts'
import { Admission } from './admission.ts'
import type { Config } from './config.ts'
import { expire } from './expiry.ts'
import { explainSeries } from './explain.ts'
import { addZero, Folding } from './folding.ts'
import { exposeLimiter } from './instruments.ts'
import type { LimiterState } from './limiter-state.ts'
import { Rebaser } from './rebaser.ts'
import { Refs } from './refs.ts'
import { restoreState, saveState } from './snapshot.ts'
import type { Beginning, MetricState, Ref, TrackedSeries } from './state.ts'
import { Targets } from './targets.ts'

const RUNS_PER_EXPIRY = 4
const LIMIT_REASON = 'cardinality_limit'

/** Lets a bounded number of series through; points of further series are added up, not lost. */
export class CardinalityLimiter implements BatchProcessor {
  readonly #state: LimiterState
  readonly #refs: Refs
  #context: Context
  #config: Config
  #rebaser: Rebaser
  #emit: (batch: Batch) => void = () => {}
  #unwatched: { add(points: number): void }
  // State of the batch being judged.
  #now = 0
  #points: PointBlockBuilder | undefined
  #folded = 0
  #extra = 0
  #lost = 0
  #lossReason = LIMIT_REASON
  /** Series with their start point in the batch. */
  #begun: Beginning[] = []

  constructor(given: Config, context: Context) {
    const config = withTenants(given, context)
    this.#config = config
    this.#context = context
    const admission = new Admission(config)
    const folding = new Folding(config.max_folded_series, context.clock.now())
    this.#refs = new Refs(admission)
    const targets = new Targets(config, context.series, admission, this.#refs)
    this.#state = { admission, folding, targets, interval: Number.NaN }
    this.#rebaser = new Rebaser(folding.last)
    this.#unwatched = exposeLimiter(this.#state, config, context).unwatched
  }

  open(emit: (batch: Batch) => void): void {
    this.#emit = emit
  }

  receive(batch: Batch): void {
    if (batch.block.type !== 'points') return this.#emit(batch)
    const { account } = this.#context
    const block = this.#limit(batch.block)
    account.absorbed += this.#folded
    account.produced += this.#extra
    if (block === batch.block) return this.#emit(batch)
    // The sender is told of points dropped for good; the other points have an outcome of their own.
    if (this.#lost > 0) {
      const [lost, rest] = batch.fork(2)
      lost.drop(this.#lossReason, this.#lost)
      batch = rest
    }
    if (block.length === 0) batch.ack()
    else this.#emit(this.#begun.length === 0 ? batch.replace(block) : this.#withZeros(batch, block))
  }

  figures(): StateFigures {
    const { admission, folding } = this.#state
    return { entries: { series: admission.total, metrics: admission.metrics.size, folded_series: folding.last.size } }
  }

  explain(series: NamedSeries): Explanation {
    return explainSeries(series, this.#state, this.#config)
  }

  snapshot(): Uint8Array {
    return saveState(this.#state)
  }

  restore(bytes: Uint8Array): void {
    restoreState(bytes, this.#state, this.#context.series)
  }

  /** If nobody downstream keeps the start points, the series need them again. */
  #withZeros(batch: Batch, block: PointBlock): Batch {
    const begun = this.#begun
    this.#begun = []
    return Batch.derive([batch], block, outcome => {
      if (outcome.status === 'nacked') for (const one of begun) one.needsStartPoint = true
      batch.settle(outcome)
    })
  }

  #limit(block: PointBlock): PointBlock {
    this.#now = this.#context.clock.now()
    this.#points = undefined
    this.#folded = this.#extra = this.#lost = 0
    // A block that failed has left these: its start points went nowhere.
    for (const one of this.#begun.splice(0)) one.needsStartPoint = true
    this.#expireIfDue()
    this.#state.folding.begin()
    for (let i = 0; i < block.length; i++) this.#judge(block, i)
    return this.#rewritten() ?? block
  }

  #judge(block: PointBlock, i: number): void {
    const ref = this.#refs.of(block, i, this.#now)
    if (ref.isExempt) this.#points?.copy(block, i)
    else if (ref.metric === undefined) this.#tooMany(block, i)
    else {
      const entry = this.#trackedOf(ref, block, i)
      if (entry !== undefined) this.#pass(entry, ref, block, i)
      else this.#over(ref, ref.metric, block, i)
    }
  }

  #rewritten(): PointBlock | undefined {
    if (this.#points === undefined) return undefined
    const before = this.#points.length
    this.#state.folding.emit(this.#points, this.#begun)
    this.#extra += this.#points.length - before
    return this.#points.build()
  }

  #trackedOf(ref: Ref, block: PointBlock, i: number): TrackedSeries | undefined {
    const known = ref.entry
    if (known !== undefined && !known.isEvicted) return known
    const entry = this.#state.admission.ask(ref, block.series.read(i), this.#now)
    ref.entry = entry
    if (entry?.count === 0 && ref.isCumulative && ref.isAdditive) this.#rebaser.admitted(entry)
    return entry
  }

  #pass(entry: TrackedSeries, ref: Ref, block: PointBlock, i: number): void {
    entry.count++
    entry.lastSeen = this.#now
    if (entry.needsStartPoint) this.#begin(entry, block, i)
    const isWatched = ref.isCumulative && ref.isAdditive && (block.flags[i] & FLAG_NO_RECORDED_VALUE) === 0
    if (!isWatched || this.#rebaser.isUnchanged(entry, block, i)) this.#points?.copy(block, i)
    else {
      this.#rewriteFrom(block, i)
      if (!this.#rebaser.rebase(entry, block, i, this.#points!)) this.#folded++
    }
  }

  /** Begins a series whose earlier points were counted in another series. */
  #begin(entry: TrackedSeries, block: PointBlock, i: number): void {
    entry.needsStartPoint = false
    // It began anew by itself.
    if (entry.base === undefined) return
    this.#rewriteFrom(block, i)
    addZero(this.#points!, block.series.at(i), entry.base.time, entry.base.distribution)
    this.#begun.push(entry)
    this.#extra++
  }

  #tooMany(block: PointBlock, i: number): void {
    if (!this.#state.admission.isObserved(block.series.metricOf(i))) return this.#drop(block, i, 'too_many_metrics')
    this.#unwatched.add(1)
    this.#points?.copy(block, i)
  }

  #over(ref: Ref, metric: MetricState, block: PointBlock, i: number): void {
    metric.over++
    this.#state.admission.profile(metric)
    const { action } = metric.limits
    if (action === 'observe') this.#points?.copy(block, i)
    else if (action === 'drop' || !ref.isAdditive) this.#drop(block, i, LIMIT_REASON)
    else if ((block.flags[i] & FLAG_NO_RECORDED_VALUE) !== 0) this.#fold(block, i, undefined, ref)
    else if (!Number.isFinite(block.value[i]) && !block.distributions.has(i)) this.#drop(block, i, 'not_a_number')
    else this.#fold(block, i, this.#state.targets.of(ref, metric, block.series.read(i), this.#now), ref)
  }

  /** Without a target there is nothing to add: the end of a series that is folded. */
  #fold(block: PointBlock, i: number, target: Series | undefined, ref: Ref): void {
    this.#rewriteFrom(block, i)
    this.#folded++
    if (target === undefined) return
    ref.metric!.folded++
    this.#state.folding.add(block, i, ref, target, this.#now)
  }

  #drop(block: PointBlock, i: number, reason: string): void {
    this.#rewriteFrom(block, i)
    this.#lost++
    this.#lossReason = reason
    this.#context.account.drop(reason)
  }

  /** From point `i` on the block is written anew. */
  #rewriteFrom(block: PointBlock, i: number): void {
    if (this.#points !== undefined) return
    this.#points = new PointBlockBuilder(block.length)
    for (let before = 0; before < i; before++) this.#points.copy(block, before)
  }

  #expireIfDue(): void {
    const interval = Math.floor((this.#now * RUNS_PER_EXPIRY) / this.#config.idle_expiry)
    if (interval <= this.#state.interval) return
    const isFirst = Number.isNaN(this.#state.interval)
    this.#state.interval = interval
    if (isFirst) return
    expire(this.#state.admission, this.#now, this.#config.idle_expiry, entry => {
      this.#rebaser.evicted(entry, this.#now)
      this.#state.targets.evict(entry.key, this.#state.folding)
    })
    this.#state.targets.expire(this.#state.folding)
    if (this.#state.admission.expiryRuns % RUNS_PER_EXPIRY !== 0) return
    for (const { demand } of this.#state.admission.metrics.values()) demand.rotate()
    this.#refs.epoch++
  }
}

/** The service's tenants are kept apart, also by somebody who did not think of them. */
function withTenants(config: Config, { access }: Context): Config {
  const isUnset = config.tenant_attribute === '' && access.tenants !== undefined
  return isUnset ? { ...config, tenant_attribute: TENANT } : config
}
