import type { Logger } from 'pino'
import type { Block } from '../../model/block.ts'
import { overlaps, pickItems, type Range } from '../../model/ranges.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { DeadLetterStore } from '../dead-letters/store.ts'
import { type Answer, bisect, inOrder, type Piece, type Rejection } from './bisect.ts'
import { describeFailure, type Failure } from './failure.ts'
import type { RetrySender } from './retry.ts'

/** The result of an export. The backend has the items that are neither `refused` nor `left`. */
export interface ExportResult {
  /** Rejected items, in order. They are in the dead letters, if there are any. */
  readonly refused: readonly Rejection[]
  /** Still to be exported, in order. */
  readonly left: readonly Range[]
}

/** When to end the tries. */
interface Limits {
  /** Fires when the sending queue closes, and keeps or nacks the rest. */
  readonly leaving: AbortSignal
  isOver(): boolean
}

interface RejectedItemsHost {
  readonly id: string
  readonly clock: Clock
  readonly log: Logger
  /** Undefined if rejected items are dropped. */
  readonly deadLetters: DeadLetterStore | undefined
}

/**
 * Sorts out a block that the backend refused for good, or that cannot be exported: its bad items go to the dead
 * letters, the rest gets to the backend.
 *
 * An `unknown` failure may be an outage as well as the data's fault. The block is tried again until the circuit opens,
 * as a whole. Then, if there is a probe and it succeeds, it is tried in pieces: see `bisect`. If the backend answers
 * for no item at all everything is left, to be tried again with later batches.
 */
export class RejectedItems {
  #retry: RetrySender
  #host: RejectedItemsHost

  constructor(retry: RetrySender, host: RejectedItemsHost) {
    this.#retry = retry
    this.#host = host
  }

  /**
   * Resolves once all of `block` has got somewhere. Some of it is `left` if that is out of the question.
   * @param batches ranges of the batches that the block consists of, in order
   * @param failure the failure of the whole block. Undefined if the block is suspected to hold an item that fails with
   *   an unknown error
   */
  async sortOut(
    block: Block,
    batches: readonly Range[],
    failure: Failure | undefined,
    limits: Limits
  ): Promise<ExportResult> {
    // A suspect backend may be gone: it gets one batch first.
    const pieces = failure === undefined ? headAndRest(batches) : [{ from: 0, to: block.length, failure }]
    const { refused, left } = await bisect(block, pieces, {
      attempt: (piece, isDoubted) => this.#insist(piece, limits, isDoubted || failure !== undefined),
      isProbed: this.#retry.isProbing
    })
    // Items with an unknown failure are given up only because the backend answers for others.
    if (refused.some(({ failure }) => failure.kind === 'unknown')) this.#retry.answered()
    // When the sending queue closes, rejected items of a batch that is cut in two stay with its rest. If that is
    // nacked, the sender sends the batch again as a whole, and it would be in the dead letters twice.
    const leftOf = overlaps(left, batches)
    const isCut = (_: Range, i: number) => limits.leaving.aborted && leftOf[i].length > 0
    const stays: Range[] = overlaps(refused, batches.filter(isCut)).flat()
    const decided = overlaps(
      refused,
      batches.filter((batch, i) => !isCut(batch, i))
    ).flat()
    const written: Rejection[] = []
    for (const deadLetter of byReason(decided)) {
      const isWritten = await this.#writeDeadLetter(pickItems(block, deadLetter), deadLetter[0].failure, limits.leaving)
      ;(isWritten ? written : stays).push(...deadLetter)
    }
    return { refused: written.sort(inOrder), left: [...left, ...stays].sort(inOrder) }
  }

  /**
   * Tries until the backend answers, or there is no more trying.
   * @param isPatient whether an unknown failure is tried again until the circuit opens
   */
  async #insist(piece: Block, { leaving, isOver }: Limits, isPatient: boolean): Promise<Answer> {
    do {
      if (!(await this.#retry.ready(leaving))) continue
      const failure = await this.#retry.export(piece)
      if (failure === undefined) return 'taken'
      if (failure.kind === 'refused' || failure.kind === 'fault' || failure.failed !== undefined) return failure
      if (failure.kind === 'unknown' && (!isPatient || this.#retry.circuit.isSuspect)) return failure
    } while (!leaving.aborted && !isOver())
    return 'unanswered'
  }

  /** Resolves to whether it is in the dead letters; until the sending queue closes that is tried again. */
  async #writeDeadLetter(block: Block, failure: Failure, leaving: AbortSignal): Promise<boolean> {
    const { deadLetters, log, id, clock } = this.#host
    const { reason, kind } = failure
    const error = describeFailure(failure)
    if (kind === 'refused') log.error({ items: block.length, reason, err: error }, 'the backend refused items for good')
    else log.error({ items: block.length, reason, err: error, stack: failure.error.stack }, 'items cannot be exported')
    if (deadLetters === undefined) return true
    do {
      try {
        await deadLetters.put({ kind: 'exporter', id, reason, error, time: clock.now(), block })
        return true
      } catch (failure) {
        this.#retry.failed(failure as Error)
        await this.#retry.ready(leaving)
      }
    } while (!leaving.aborted)
    return false
  }
}

function headAndRest(batches: readonly Range[]): Piece[] {
  const [{ from, to }] = batches
  const end = batches.at(-1)!.to
  return to === end
    ? [{ from, to }]
    : [
        { from, to },
        { from: to, to: end }
      ]
}

/** One dead letter a reason. */
function byReason(rejectedItems: readonly Rejection[]): Rejection[][] {
  return [...Map.groupBy(rejectedItems, ({ failure }) => failure.reason).values()]
}
