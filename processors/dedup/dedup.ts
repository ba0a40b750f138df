import { select } from '../../core/model/select.ts'
import type { Batch, BatchProcessor, Context, Explanation, NamedSeries, StateFigures } from '../../sdk/plugin/index.ts'
import { CONFLICT, type DedupRule, DUPLICATE, NEW, NOT_IDENTIFIED, OLD_EPOCH, TOO_OLD } from './dedup-rule.ts'
import { type InFlightBatch, InFlightBatches } from './in-flight-batches.ts'
import { exposeMemory } from './instruments.ts'
import { Lateness } from './lateness.ts'
import { openMode, sealMode } from './saved-mode.ts'

const LOSS_REASONS: Record<number, string> = {
  [CONFLICT]: 'conflicting_sample',
  [OLD_EPOCH]: 'old_epoch',
  [TOO_OLD]: 'sequence_too_old'
}

/** Items of a batch that have one fate which is not the batch's own. */
interface Withheld {
  readonly reason: string
  /** True if the items are given up on; otherwise somebody has stored the same. */
  readonly isLoss: boolean
  /** The batch in flight whose outcome decides; undefined if it is decided. */
  readonly first: InFlightBatch | undefined
  items: number
}

/** Lets items through that its rule has not seen before. */
export class Dedup implements BatchProcessor {
  #context: Context
  #rule: DedupRule
  #mode: string
  /** True if a conflict passes and is only counted. */
  #passesConflicts: boolean
  #inFlight: InFlightBatches
  #lateness = new Lateness()
  #emit: (batch: Batch) => void = () => {}
  #kept = new Int32Array(0)
  #counters: Record<'conflicts' | 'unidentified', { add(items: number): void }>

  constructor(rule: DedupRule, mode: string, passesConflicts: boolean, context: Context) {
    this.#rule = rule
    this.#mode = mode
    this.#passesConflicts = passesConflicts
    this.#context = context
    this.#inFlight = new InFlightBatches(context.account, (keys, at, serial) => rule.remove(keys, at, serial))
    this.#counters = this.#expose()
  }

  open(emit: (batch: Batch) => void): void {
    this.#emit = emit
  }

  receive(batch: Batch): void {
    const { block } = batch
    // Nothing of it is withheld and nothing passes, so nobody else would settle it.
    if (block.length === 0) return batch.ack()
    const inFlight = this.#inFlight.begin(batch)
    const withheld: Withheld[] = []
    let kept: Int32Array
    try {
      kept = this.#judge(batch, inFlight, withheld)
    } catch (error) {
      this.#inFlight.end(inFlight, { status: 'nacked', error: error as Error })
      throw error
    }
    if (kept.length < block.length) batch = this.#withhold(batch, withheld, kept.length > 0)
    if (kept.length === 0) return this.#inFlight.end(inFlight, { status: 'acked' })
    const selected = kept.length === block.length ? block : select(block, kept)
    const passing = this.#rule.dropAttributes?.(selected) ?? selected
    if (inFlight.keyCount + inFlight.takeBack.length > 0)
      return this.#emit(this.#inFlight.launch(inFlight, batch, passing))
    this.#inFlight.end(inFlight, { status: 'acked' })
    this.#emit(passing === block ? batch : batch.replace(passing))
  }

  figures(): StateFigures {
    return { entries: { entries: this.#rule.size }, bytes: this.#rule.bytes + this.#inFlight.bytes }
  }

  explain(series: NamedSeries): Explanation {
    return this.#rule.explain(series)
  }

  /** Includes batches in flight: a checkpoint is valid only once everything before it has settled. */
  snapshot(): Uint8Array {
    return sealMode(this.#mode, this.#rule.save())
  }

  restore(bytes: Uint8Array): void {
    this.#rule.restore(openMode(this.#mode, bytes))
  }

  /** Remembers new items; returns the indexes of the items that pass. */
  #judge({ block }: Batch, inFlight: InFlightBatch, withheld: Withheld[]): Int32Array {
    const rule = this.#rule
    const batches = this.#inFlight
    if (this.#kept.length < block.length) this.#kept = new Int32Array(block.length)
    let kept = 0
    let unidentified = 0
    rule.begin(block, inFlight, this.#context.clock.now())
    for (let i = 0; i < block.length; i++) {
      const verdict = rule.judge(i)
      if (verdict === NEW || (verdict === CONFLICT && this.#passesConflicts)) {
        batches.add(inFlight, rule.key, rule.serial)
        if (verdict === CONFLICT) this.#counters.conflicts.add(1)
      } else if (verdict > NEW) {
        this.#count(verdict, inFlight, withheld)
        continue
      } else if (verdict === NOT_IDENTIFIED) unidentified++
      this.#kept[kept++] = i
    }
    rule.end?.()
    if (unidentified > 0) this.#counters.unidentified.add(unidentified)
    return this.#kept.subarray(0, kept)
  }

  #count(verdict: number, inFlight: InFlightBatch, withheld: Withheld[]): void {
    const isLoss = verdict !== DUPLICATE
    const reason = isLoss ? LOSS_REASONS[verdict] : this.#rule.duplicateReason
    if (verdict === DUPLICATE) this.#lateness.observe(this.#rule.lateness)
    if (verdict === CONFLICT) this.#counters.conflicts.add(1)
    const follows = verdict === DUPLICATE || verdict === CONFLICT ? this.#inFlight.batchOf(this.#rule.key) : undefined
    // A duplicate within this batch shares its outcome.
    const first = follows === inFlight ? undefined : follows
    const known = withheld.findLast(one => one.first === first && one.reason === reason)
    if (known !== undefined) known.items++
    else withheld.push({ reason, isLoss, first, items: 1 })
  }

  /**
   * Books items that do not pass, with their share of the batch's outcome; returns the handle of the items that pass.
   */
  #withhold(batch: Batch, withheld: readonly Withheld[], somePass: boolean): Batch {
    const { account } = this.#context
    const handles = batch.fork(withheld.length + (somePass ? 1 : 0))
    for (const [at, { reason, isLoss, first, items }] of withheld.entries()) {
      const handle = handles[at]
      if (first !== undefined) {
        this.#inFlight.follow(first, handle, items, reason, isLoss)
        continue
      }
      account.drop(reason, items)
      // A duplicate is stored already: to its sender that is success.
      if (isLoss) handle.drop(reason, items)
      else handle.ack()
    }
    return handles.at(-1)!
  }

  #expose() {
    const { instruments } = this.#context
    const rule = this.#rule
    exposeMemory(
      instruments,
      () => rule.size,
      () => rule.bytes + this.#inFlight.bytes
    )
    instruments.counter('evicted_entries_total', 'Forgotten before the window was over.', () => rule.evicted)
    instruments.gauge(
      'lateness_max_seconds',
      'Longest time between something and its duplicate.',
      () => this.#lateness.maxMs / 1000
    )
    instruments.gauge(
      'lateness_p99_seconds',
      '99 of 100 duplicates came within this time after the first.',
      () => this.#lateness.p99Ms / 1000
    )
    return {
      conflicts: instruments.counter('conflicts_total', 'Samples whose series and time had another value before.'),
      unidentified: instruments.counter('unidentified_total', 'Items that passed for want of an id, request or number.')
    }
  }
}
