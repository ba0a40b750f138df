import { WeirError } from '../../errors.ts'
import type { Block } from '../../model/block.ts'
import { outside, type Range } from '../../model/ranges.ts'
import type { Account } from '../../telemetry/account.ts'
import { type Answer, bisect } from './bisect.ts'
import { cutOff, type Failure } from './failure.ts'
import type { RetrySender } from './retry.ts'

const NOT_RUNNING = new WeirError('QUEUE_FULL', 'the exporter is starting or being shut down; try again later')

/** The backend has the items of the block that are not `left`. */
export interface DirectResult {
  /** In order. */
  readonly left: readonly Range[]
  /** The reason for the first of them. Undefined if nothing is left. */
  readonly failure: Failure | undefined
}

/**
 * Exports dead letters past the waiting batches, whose first may wait for room in the dead letters. Each is tried once,
 * piece by piece if the backend refuses some of it. Their failures say nothing about the backend, and stop no batch.
 */
export class DirectExport {
  #retry: RetrySender
  #account: Account
  #closing: AbortSignal
  #isStarted = false
  #running = new Set<Promise<unknown>>()

  /** @param closing fires when the sending queue closes */
  constructor(retry: RetrySender, account: Account, closing: AbortSignal) {
    this.#retry = retry
    this.#account = account
    this.#closing = closing
  }

  start(): void {
    this.#isStarted = true
  }

  /**
   * Resolves once `keep` has written down the items that are left. Rejects if it fails, or if the exporter does not
   * run: then all are left.
   */
  async send(block: Block, keep: (result: DirectResult) => Promise<void>): Promise<void> {
    if (!this.#isStarted || this.#closing.aborted) throw NOT_RUNNING
    const sending = this.#send(block).then(keep)
    this.#running.add(sending)
    try {
      await sending
    } finally {
      this.#running.delete(sending)
    }
  }

  /** Resolves once nothing is sent or to be kept any more, at the latest when `deadline` fires. */
  async ended(deadline: AbortSignal): Promise<void> {
    const { promise: expired, resolve } = Promise.withResolvers<void>()
    if (deadline.aborted) resolve()
    else deadline.addEventListener('abort', () => resolve(), { once: true })
    await Promise.race([Promise.allSettled(this.#running), expired])
  }

  async #send(block: Block): Promise<DirectResult> {
    const account = this.#account
    account.book(block, items => {
      account.received += items
      account.inFlight += items
    })
    const result = await this.#result(block)
    const refused = (items: number) => {
      account.inFlight -= items
      account.refused += items
    }
    const sent = (items: number) => {
      account.inFlight -= items
      account.sent += items
    }
    account.book(block, refused, result.left)
    account.book(block, sent, outside(result.left, block.length))
    return result
  }

  async #result(block: Block): Promise<DirectResult> {
    let last: Failure | undefined
    const attempt = async (piece: Block): Promise<Answer> => {
      const failure = this.#closing.aborted ? cutOff(NOT_RUNNING) : await this.#retry.exportOnce(piece)
      last = failure ?? last
      if (failure?.kind === 'transient' && failure.failed === undefined) return 'unanswered'
      return failure ?? 'taken'
    }
    const { refused, left } = await bisect(block, [{ from: 0, to: block.length }], { attempt, isProbed: false })
    const rest = [...refused, ...left].sort((a, b) => a.from - b.from)
    return {
      left: rest.map(({ from, to }) => ({ from, to })),
      failure: rest.length === 0 ? undefined : (refused[0]?.failure ?? last)
    }
  }
}
