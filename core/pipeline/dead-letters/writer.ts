import type { Logger } from 'pino'
import type { JournalEntry } from '../../batch/settlement.ts'
import { describeError } from '../../errors.ts'
import { blockBytes } from '../../model/block.ts'
import { type Clock, sleep } from '../../telemetry/clock.ts'
import type { SettlementTracker } from '../checkpoint/settlement-tracker.ts'
import { type DeadLetterStore, idempotencyKey } from './store.ts'

/** Reason of dead letters that a processor failed over. */
export const PROCESSOR_FAILED = 'processor_failed'
const RETRY_MS = 1000
/** Blocks that may wait for the dead letters, which may be full, before nothing more is forwarded. */
const MOST_WAITING_BYTES = 64 * 2 ** 20

interface WriterHost {
  readonly deadLetters: DeadLetterStore | undefined
  readonly settlements: SettlementTracker
  readonly clock: Clock
  readonly log: Logger
  /** The partition that entries are of. Undefined: they are the journal's. */
  readonly partition?: string | undefined
}

/** A batch over which a processor failed though it was acknowledged. */
export interface FailedBatch {
  /** Id of its receiver. */
  readonly source: string
  readonly request?: string | undefined
  /** Processed again after a crash, it is the same dead letter. */
  readonly entry: JournalEntry
}

/**
 * Writes dead letters for batches of the journal, and takes dead letters away that are entries again. Both are tried
 * until the disk has done it; checkpoints wait for it.
 */
export class DeadLetterWriter {
  #host: WriterHost
  /**
   * Keys of dead letters that are entries again. Replayed after a crash, a failed batch must not become a dead letter
   * again.
   */
  #delivered = new Set<string>()
  #waitingBytes = 0
  /** The last of the writes, which go one after the other. While one cannot be written, the others need not try. */
  #lastPut: Promise<void> = Promise.resolve()
  #isOver = false
  #running = new Set<Promise<void>>()

  constructor(host: WriterHost) {
    this.#host = host
  }

  /** So much waits for the dead letters that nothing more may come. */
  get isBehind(): boolean {
    return this.#waitingBytes > MOST_WAITING_BYTES
  }

  /**
   * A processor failed over the batch, in these `pipelines` of its receiver (undefined: in all). Resolves when there is
   * a dead letter, or none can be had.
   */
  add({ source, request, entry }: FailedBatch, error: Error, pipelines?: readonly string[]): Promise<void> {
    const { deadLetters, settlements, partition } = this.#host
    if (deadLetters === undefined) return Promise.resolve()
    const { number, time, block } = entry
    const key = idempotencyKey(number, time, partition)
    const reason = { reason: PROCESSOR_FAILED, error: describeError(error) }
    const deadLetter = {
      ...reason,
      time,
      id: source,
      request,
      pipelines,
      block,
      kind: 'receiver',
      key
    } as const
    const bytes = blockBytes(block)
    this.#waitingBytes += bytes
    const put = async () => {
      if (!this.#delivered.has(key)) await deadLetters.put(deadLetter)
      // It may have been delivered meanwhile.
      if (this.#delivered.has(key)) await remove(deadLetters, key)
    }
    const before = this.#lastPut
    const settlement = settlements.open()
    const putting = async () => {
      await before
      const isWritten = await this.#insist(put, 'cannot write a dead letter')
      this.#waitingBytes -= bytes
      if (isWritten) settlements.close(settlement)
    }
    this.#lastPut = this.#keep(putting())
    return this.#lastPut
  }

  /** The dead letter was delivered: its entry is forwarded. */
  delivered(key: string): void {
    const { deadLetters, settlements } = this.#host
    this.#delivered.add(key)
    if (deadLetters === undefined) return
    const settlement = settlements.open()
    const removing = async () => {
      const isRemoved = await this.#insist(() => remove(deadLetters, key), 'cannot remove a dead letter')
      if (isRemoved) settlements.close(settlement)
    }
    void this.#keep(removing())
  }

  /**
   * No processor failed over the entry. Where one did before the crash, there is no need of its dead letter any more.
   */
  succeeded({ number, time }: JournalEntry): void {
    const key = idempotencyKey(number, time, this.#host.partition)
    if (this.#host.deadLetters?.numberOf(key) !== undefined) this.delivered(key)
  }

  /** Resolves when nothing is to be written or removed any more. */
  async done(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  /** From now on a write that fails is not tried again. */
  giveUp(): void {
    this.#isOver = true
  }

  #keep(work: Promise<void>): Promise<void> {
    const running = work.finally(() => this.#running.delete(running))
    this.#running.add(running)
    return running
  }

  /** Resolves to whether it was done: if it is given up, only the journal knows of the batch. */
  async #insist(work: () => Promise<void>, failed: string): Promise<boolean> {
    const { clock, log, settlements } = this.#host
    for (;;) {
      try {
        await work()
        return true
      } catch (error) {
        log.error({ err: describeError(error) }, `${failed}; the journal keeps growing meanwhile`)
        if (this.#isOver) {
          settlements.break()
          return false
        }
        await sleep(clock, RETRY_MS)
      }
    }
  }
}

async function remove(deadLetters: DeadLetterStore, key: string): Promise<void> {
  const number = deadLetters.numberOf(key)
  if (number !== undefined) await deadLetters.remove(number)
}
