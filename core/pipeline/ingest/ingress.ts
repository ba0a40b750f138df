import type { Batch } from '../../batch/batch.ts'
import type { CreditPool } from '../../batch/credits.ts'
import { WeirError } from '../../errors.ts'
import type { ItemType } from '../../plugin/contract.ts'
import { type ReceiverFanOut, refuse } from '../graph/fan-out.ts'

/** Stands between receivers and pipelines. Batches become Weir's to deliver here. */
export interface Ingress {
  /** Takes the handle over. Never throws. */
  push(receiver: string, batch: Batch): void
  /** From now on batches go to these, by receiver id. */
  connect(sinks: ReadonlyMap<string, ReceiverFanOut>): void
  /** Resolves to true once everything that was pushed so far has been forwarded, or to false when `deadline` fires. */
  caughtUp(deadline: AbortSignal): Promise<boolean>
  /** The same for entries that an earlier run had taken and not finished. */
  replayCompleted(deadline: AbortSignal): Promise<boolean>
  /** Resolves once nothing is forwarded any more, until {@link resume}. What is pushed meanwhile waits. */
  pause(): Promise<void>
  resume(): void
  /** Resolves once everything that was pushed has been forwarded, or will be after the next start. */
  drain(deadline: AbortSignal): Promise<void>
}

/** True if the pipelines of a receiver take other types of items. */
export function isUnwanted(sink: ReceiverFanOut | undefined, type: ItemType): boolean {
  return sink !== undefined && !sink.hasAll(undefined, type)
}

export const noPipeline = (receiver: string, type: ItemType) =>
  new WeirError(
    'NO_PIPELINE',
    `no pipeline of ${receiver} takes ${type}: give it one with exporters for them, and with items: [${type}]`
  )

/**
 * Delivery level `memory`: straight through. The reply waits for the outcome of the batch. Closed while processors
 * cannot emit their output, or their state would grow without end.
 */
export class DirectIngress implements Ingress {
  #sinks: ReadonlyMap<string, ReceiverFanOut>
  #outputBudget: CreditPool
  #waiting: { readonly receiver: string; readonly batch: Batch }[] | undefined

  constructor(sinks: ReadonlyMap<string, ReceiverFanOut>, outputBudget: CreditPool) {
    this.#sinks = sinks
    this.#outputBudget = outputBudget
  }

  push(receiver: string, batch: Batch): void {
    if (this.#waiting !== undefined) return void this.#waiting.push({ receiver, batch })
    const sink = this.#sinks.get(receiver)
    if (this.#outputBudget.isSpent) {
      const why = 'exporters are behind and limits.output is spent; try again later'
      return refuse(batch, sink, new WeirError('QUEUE_FULL', why))
    }
    const { deadLetter } = batch.origin
    const { type } = batch.block
    if (deadLetter === undefined && isUnwanted(sink, type)) return batch.nack(noPipeline(receiver, type))
    if (!sink?.hasAll(deadLetter?.pipelines, type))
      return batch.nack(
        new WeirError('QUEUE_FULL', `the pipelines of ${receiver} are no longer part of the configuration`)
      )
    if (deadLetter === undefined) return sink.push(batch)
    sink.pushTo(deadLetter.pipelines, batch.origin, batch.block, outcome => batch.settle(outcome))
  }

  connect(sinks: ReadonlyMap<string, ReceiverFanOut>): void {
    this.#sinks = sinks
  }

  async caughtUp(): Promise<boolean> {
    return true
  }

  async replayCompleted(): Promise<boolean> {
    return true
  }

  async pause(): Promise<void> {
    this.#waiting = []
  }

  resume(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const { receiver, batch } of waiting) this.push(receiver, batch)
  }

  async drain(): Promise<void> {
    // A reload could neither be done nor undone.
    const waiting = this.#waiting?.splice(0) ?? []
    for (const { batch } of waiting) batch.nack(new WeirError('QUEUE_FULL', 'Weir is shutting down'))
  }
}
