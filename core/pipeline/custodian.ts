import type { Block } from '../model/block.ts'
import { type Clock, sleep } from '../telemetry/clock.ts'
import { Batch, type Origin, type Outcome } from './batch.ts'
import type { SettlementTracker } from './checkpoint/settlement-tracker.ts'
import type { DeadLetterWriter } from './dead-letters/writer.ts'

const RETRY_MS = 1000

interface CustodianHost {
  readonly settlements: SettlementTracker
  readonly deadLetters: DeadLetterWriter
  readonly clock: Clock
}

/**
 * Answers for batches whose senders were told that the journal has them. One that is handed back becomes a dead letter, for
 * the same would happen again; at a stop the journal keeps it.
 */
export class Custodian {
  #host: CustodianHost
  /** From a stop on: what is handed back needs nothing but the journal. */
  isStopping = false

  constructor(host: CustodianHost) {
    this.#host = host
  }

  /** Checkpoints wait until `done` is called with the outcome. @param pipelines that handed it back; undefined: all */
  open(origin: Origin, block: Block): (outcome: Outcome, pipelines: readonly string[] | undefined) => void {
    const { settlements } = this.#host
    const settlement = settlements.open()
    return (outcome, pipelines) => {
      if (outcome.status !== 'nacked') settlements.close(settlement)
      else if (this.isStopping) settlements.break()
      else void this.#bury(origin, block, outcome.error, pipelines).then(() => settlements.close(settlement))
    }
  }

  /**
   * A batch that a checkpoint had inside the operator of a processor.
   * @param again is given the batch anew where it was handed back and is no entry's, but something a processor made
   */
  adopt(origin: Origin, block: Block, pipeline: string, again: (batch: Batch) => void): Batch {
    if (origin.entry !== undefined) {
      const done = this.open(origin, block)
      return Batch.of(origin, block, outcome => done(outcome, [pipeline]))
    }
    const { settlements, clock } = this.#host
    const settlement = settlements.open()
    return Batch.of(origin, block, async outcome => {
      if (outcome.status !== 'nacked') return settlements.close(settlement)
      if (this.isStopping) return settlements.break()
      await sleep(clock, RETRY_MS)
      again(this.adopt(origin, block, pipeline, again))
      settlements.close(settlement)
    })
  }

  async #bury(
    { source, request, entry }: Origin,
    block: Block,
    error: Error,
    pipelines?: readonly string[]
  ): Promise<void> {
    await this.#host.deadLetters.add({ source, request: request?.(), block, entry: entry! }, error, pipelines)
  }
}
