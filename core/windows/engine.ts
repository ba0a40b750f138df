import type { Batch } from '../batch/batch.ts'
import type { Block } from '../model/block.ts'
import type { NamedSeries } from '../model/named-series.ts'
import { runThrough, type Stepwise } from '../model/stepwise.ts'
import { OutputBuffer } from '../pipeline/stateful/output-buffer.ts'
import type { Context } from '../plugin/context.ts'
import type { BatchProcessor, Stateful } from '../plugin/contract.ts'
import type { Explanation, StateFigures } from '../plugin/inspection.ts'
import { Door } from './door.ts'
import { Emission } from './emission.ts'
import { expireIfDue } from './expiry.ts'
import { explainSeries } from './explain.ts'
import { exposeState, figuresOf } from './exposed-state.ts'
import { Disposition } from './input/disposition.ts'
import { WaitingBatches } from './input/waiting-batches.ts'
import { matchStates, signaturesOf, type Unmatched } from './reload/state-matching.ts'
import type { WindowSettings } from './settings.ts'
import { restoreState, saveState } from './snapshot.ts'
import type { State } from './state.ts'
import { Watermark } from './watermark.ts'
import { WindowRule } from './window-rule.ts'

const TICKS_PER_PANE = 4
const SHORTEST_TICK_MS = 50
const LONGEST_TICK_MS = 500

/** Aggregates points and events in windows of event time, by rules. Items that no rule takes pass through. */
export class WindowEngine implements BatchProcessor {
  #settings: WindowSettings
  #context: Context
  #state: State
  #disposition: Disposition
  #output: ((batch: Batch) => void) | undefined
  #cancelTick: () => void = () => {}
  readonly #emission: Emission
  readonly #door = new Door()
  /** True while silent groups expire, at the end of it. */
  #isExpiring = false
  #waiting: WaitingBatches
  /** By index: rules whose state no rule of the successor takes. */
  #leaving: ReadonlyMap<number, Unmatched> = new Map()
  /** True if all windows of these rules are emitted. */
  #haveLeft = false

  constructor(settings: WindowSettings, context: Context) {
    this.#settings = settings
    this.#context = context
    this.#disposition = new Disposition(context.series)
    this.#waiting = new WaitingBatches(context)
    this.#emission = new Emission(
      context,
      () => this.#sendAll(),
      () => this.#emitted()
    )
    const { instruments } = context
    instruments.gauge('behind', '1 while senders are told to wait, since windows end faster than they are sent.', () =>
      Number(this.isBehind)
    )
    const counters = {
      late: instruments.counter('late_items_total', 'Items that came after their smallest window had closed.'),
      withoutBuckets: instruments.counter(
        'histograms_without_buckets_total',
        'Histogram points sent with count and sum alone, since buckets were unknown or could not be added up.'
      )
    }
    this.#state = {
      rules: settings.rules.map(rule => new WindowRule(rule, context, counters)),
      outputBuffer: new OutputBuffer(context),
      watermark: new Watermark(settings),
      lastExpiry: undefined
    }
    exposeState(this.#state, context)
  }

  open(emit: (batch: Batch) => void): void {
    this.#output = emit
  }

  get isBehind(): boolean {
    return this.#door.isClosed
  }

  inputRefused(source: string): void {
    this.#state.watermark.excuse(source, this.#context.clock.now())
  }

  receive(batch: Batch): void {
    if (this.#emission.isInSteps && this.#mustWait) return this.#waiting.add(batch)
    // With a journal a processor before this one may emit by a timer meanwhile: the batch comes after the windows.
    if (!this.#emission.isInSteps) this.#emission.finish()
    const { block, origin } = batch
    const rest = this.#aggregate(block, origin.source)
    if (rest === block) return this.#output?.(batch)
    // From here the other items are this processor's too: the batch must not come again because of them.
    if (rest !== undefined) this.#state.outputBuffer.put(rest)
    batch.ack()
    if (rest !== undefined) this.#send()
  }

  /** If state is kept the open windows wait for the next start; else they are emitted as they stand. */
  finish(done: () => void): void {
    this.#cancelTick()
    this.#emission.finish()
    const rules = this.#state.rules.filter((_, i) => !this.#context.durable || this.#leaving.has(i))
    if (rules.length === 0) return done()
    this.#flush(rules, () => {
      this.#haveLeft = true
      done()
    })
  }

  async start(): Promise<void> {
    this.#state.lastExpiry ??= this.#context.clock.now()
    this.#scheduleTick()
  }

  async stop(): Promise<void> {
    this.#cancelTick()
  }

  snapshot(): Uint8Array {
    return runThrough(this.snapshotInSteps())
  }

  *snapshotInSteps(): Stepwise<Uint8Array> {
    while (this.#emission.step()) yield
    this.#emission.finish()
    return yield* saveState(this.#state, this.#settings, i => !(this.#haveLeft && this.#leaving.has(i)))
  }

  keepFor(successor: Stateful): string | undefined {
    if (!(successor instanceof WindowEngine)) return undefined
    const { rules } = this.#settings
    const matches = matchStates(signaturesOf(rules), signaturesOf(successor.#settings.rules))
    const leaving = [...matches.entries()].filter((entry): entry is [number, Unmatched] => typeof entry[1] !== 'number')
    if (leaving.length === 0 || leaving.length === rules.length) return undefined
    this.#leaving = new Map(leaving)
    return `the open windows of ${leaving.map(([i, { why }]) => `rule ${i + 1}, which ${why}`).join('; and of ')}`
  }

  restore(bytes: Uint8Array): void {
    restoreState(bytes, this.#state, this.#settings, this.#context)
  }

  figures(): StateFigures {
    return figuresOf(this.#state)
  }

  explain(series: NamedSeries): Explanation {
    return explainSeries(series, this.#state.rules)
  }

  /** Returns the items that pass through: none, some, or the block itself. */
  #aggregate(block: Block, source: string): Block | undefined {
    const { account, clock } = this.#context
    const { rules, watermark } = this.#state
    const disposition = this.#disposition
    const now = clock.now()
    disposition.begin(block.length, now + this.#settings.maxFutureSkewMs)
    for (const rule of rules) {
      if (block.type === 'points') rule.addPoints(block, disposition)
      else rule.addEvents(block, disposition)
    }
    const { rest, more } = disposition.end(block)
    account.absorbed += disposition.counted
    account.produced += more
    if (disposition.latest > Number.NEGATIVE_INFINITY) watermark.observe(source, disposition.latest, now)
    return rest
  }

  #scheduleTick(): void {
    const { clock } = this.#context
    const { rules, watermark } = this.#state
    const smallest = Math.min(...rules.map(({ windows }) => windows.paneSize))
    const period = Math.min(LONGEST_TICK_MS, Math.max(SHORTEST_TICK_MS, smallest / TICKS_PER_PANE))
    // At multiples of the period, whenever this process began.
    this.#cancelTick = clock.setTimer(period - (clock.now() % period), () => {
      this.#scheduleTick()
      const now = clock.now()
      if (this.#door.isClosed) watermark.excuseAll(now)
      const isWaitedFor = rules.some(({ windows }) => !windows.isEmpty)
      const reached = watermark.advance(now, isWaitedFor)
      this.#advance(reached)
      if (!this.#emission.isInSteps && !this.#isBlocked) this.#door.open()
      else this.#door.watch(Math.max(...rules.map(({ windows }) => windows.endedBy(reached))), now)
    })
  }

  #advance(watermark: number): void {
    if (this.#emission.isInSteps) return this.#emission.goOn()
    this.#emission.finish()
    this.#emission.begin(this.#advancing(watermark, this.#state.rules))
  }

  /** False if exporters do not take all of it, and nothing waits for the end of the emission but them. */
  #sendAll(): boolean {
    this.#send()
    return !this.#isBlocked || this.#mustWait
  }

  /** An emission in steps is done. */
  #emitted(): void {
    if (!this.#isBlocked) this.#door.open()
    this.#waiting.release(batch => this.receive(batch))
  }

  // While the output buffer waits for credits no window closes: the output buffer stays small, and late points still
  // count. With a journal the host waits instead, and windows close by time alone, so that they close alike when
  // replayed.
  *#advancing(watermark: number, rules: readonly WindowRule[]): Generator<void> {
    this.#send()
    if (this.#isBlocked) return
    for (const rule of rules) rule.beginEmission(watermark)
    try {
      yield* this.#emitUpTo(watermark, rules)
    } finally {
      for (const rule of rules) rule.endEmission()
    }
    if (this.#isBlocked) return
    this.#isExpiring = true
    try {
      yield* expireIfDue(this.#state, this.#settings, this.#context.clock.now())
    } finally {
      this.#isExpiring = false
    }
  }

  *#emitUpTo(watermark: number, rules: readonly WindowRule[]): Generator<void> {
    for (const { windows, emitter } of rules) {
      for (const amended of windows.takeAmended()) {
        yield* this.#emit(emitter.blocksOfAmended(amended))
        if (this.#isBlocked) return
      }
      for (const closed of windows.close(watermark)) {
        yield* this.#emit(emitter.blocksOf(closed))
        if (this.#isBlocked) return
      }
    }
  }

  *#emit(made: Generator<readonly Block[]>): Generator<void> {
    for (const blocks of made) {
      for (const block of blocks) this.#state.outputBuffer.putProduced(block)
      this.#send()
      yield
    }
  }

  get #isBlocked(): boolean {
    return !this.#state.outputBuffer.isEmpty && !this.#context.replayed
  }

  /** True if a batch can only be counted once the emission is done. */
  get #mustWait(): boolean {
    return this.#isExpiring || this.#state.rules.some(({ hasManyDeferred }) => hasManyDeferred)
  }

  #send(): void {
    if (this.#output !== undefined) this.#state.outputBuffer.send(this.#output)
  }

  #flush(rules: readonly WindowRule[], done: () => void): void {
    for (const _ of this.#advancing(Math.max(...rules.map(({ windows }) => windows.lastEnd)), rules));
    if (this.#state.outputBuffer.isEmpty) done()
    else this.#cancelTick = this.#context.clock.setTimer(SHORTEST_TICK_MS, () => this.#flush(rules, done))
  }
}
