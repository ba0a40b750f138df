import { Batch, type Origin, type Outcome } from '../../batch/batch.ts'
import { ACKED, Settlement, type SettlementToken } from '../../batch/settlement.ts'
import type { Block } from '../../model/block.ts'
import { type Clock, sleep } from '../../telemetry/clock.ts'
import type { SettlementTracker } from '../checkpoint/settlement-tracker.ts'
import type { DeadLetterWriter } from '../dead-letters/writer.ts'

const RETRY_MS = 1000

interface EntrySettlementsHost {
  readonly settlements: SettlementTracker
  readonly deadLetters: DeadLetterWriter
  readonly clock: Clock
}

/** An entry that operators held, in one pipeline or several, when a checkpoint was taken. */
interface AdoptedEntry {
  readonly settlement: Settlement
  /** Pipelines that handed it back. */
  readonly nackedBy: string[]
}

/**
 * Answers for batches whose senders were told that the journal has them. One that is nacked becomes a dead letter,
 * for the same would happen again; at a stop the journal keeps it.
 */
export class EntrySettlements {
  #host: EntrySettlementsHost
  /** By number, until all is restored: an entry has one dead letter, whichever pipelines hand it back. */
  #adopted = new Map<number, AdoptedEntry>()
  /** Set at a stop. From then on a nacked batch needs nothing but the journal. */
  isStopping = false

  constructor(host: EntrySettlementsHost) {
    this.#host = host
  }

  /** Opens the settlement of an entry, for {@link close}. */
  open(): SettlementToken {
    return this.#host.settlements.open()
  }

  /** @param pipelines that handed the entry back; undefined: all */
  close(token: SettlementToken, origin: Origin, outcome: Outcome, pipelines: readonly string[] | undefined): void {
    const { settlements, deadLetters } = this.#host
    if (outcome.status !== 'nacked') return settlements.close(token)
    if (this.isStopping) return settlements.break()
    const { source, request, entry } = origin
    const failed = { source, request: request?.(), entry: entry! }
    void deadLetters.add(failed, outcome.error, pipelines).then(() => settlements.close(token))
  }

  /**
   * A batch that an operator held when a checkpoint was taken.
   * @param again is given the batch anew if it was nacked and is no entry's, but something that a processor made
   */
  adopt(origin: Origin, block: Block, pipeline: string, again: (batch: Batch) => void): Batch {
    if (origin.entry === undefined) return this.#adoptMade(origin, block, pipeline, again)
    const { settlement, nackedBy } = this.#adoptedEntry(origin, origin.entry)
    settlement.add(1)
    const settle = (outcome: Outcome) => {
      if (outcome.status === 'nacked') nackedBy.push(pipeline)
      settlement.close(outcome)
    }
    return Batch.on(new Settlement(origin, settle, { up: [settlement] }), block)
  }

  /** All that the checkpoint had inside operators was adopted. */
  restored(): void {
    for (const { settlement } of this.#adopted.values()) settlement.close(ACKED)
    this.#adopted.clear()
  }

  #adoptedEntry(origin: Origin, entry: NonNullable<Origin['entry']>): AdoptedEntry {
    const known = this.#adopted.get(entry.number)
    if (known !== undefined) return known
    const token = this.open()
    const nackedBy: string[] = []
    const report = (outcome: Outcome) => {
      // It may have failed before the crash.
      if (outcome.status !== 'nacked') this.#host.deadLetters.succeeded(entry)
      this.close(token, origin, outcome, nackedBy)
    }
    const adopted = { settlement: new Settlement(origin, report, { token }), nackedBy }
    this.#adopted.set(entry.number, adopted)
    return adopted
  }

  #adoptMade(origin: Origin, block: Block, pipeline: string, again: (batch: Batch) => void): Batch {
    const { settlements, clock } = this.#host
    const token = this.open()
    const settle = async (outcome: Outcome) => {
      if (outcome.status !== 'nacked') return settlements.close(token)
      if (this.isStopping) return settlements.break()
      await sleep(clock, RETRY_MS)
      again(this.adopt(origin, block, pipeline, again))
      settlements.close(token)
    }
    return Batch.of(origin, block, settle, undefined, token)
  }
}
