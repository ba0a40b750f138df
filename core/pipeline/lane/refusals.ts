import type { Logger } from 'pino'
import { describeError, type ExportError } from '../../errors.ts'
import type { DeadLetters } from '../../journal/dead-letters.ts'
import type { Block } from '../../model/block.ts'
import { overlap, pickItems, type Range } from '../../model/ranges.ts'
import type { Clock } from '../../telemetry/clock.ts'
import { type Attempts, isRefusal } from './attempts.ts'
import { type Answer, isolate, type Refusal } from './isolate.ts'

/** What became of the items of a block: the backend has those that are neither `refused` nor `left`. */
export interface Verdict {
  /** In the dead letters, where there are any; in order. */
  readonly refused: readonly Refusal[]
  /** Still to be exported, in order. */
  readonly left: readonly Range[]
}

/** When not to try again what failed. */
interface Limits {
  /** The lane closes, and keeps or hands back what is left. */
  readonly leaving: AbortSignal
  isOver(): boolean
}

interface RefusalsHost {
  readonly id: string
  readonly clock: Clock
  readonly log: Logger
  /** Undefined where what is refused is dropped. */
  readonly deadLetters: DeadLetters | undefined
}

/** What becomes of a block that the backend refused for good: its bad items go to the dead letters, the rest gets there. */
export class Refusals {
  #attempts: Attempts
  #host: RefusalsHost

  constructor(attempts: Attempts, host: RefusalsHost) {
    this.#attempts = attempts
    this.#host = host
  }

  /**
   * Resolves once all of `block` has got somewhere, or, with some of it `left`, once that is out of the question.
   * @param batches of which the block consists, in order
   */
  async sortOut(block: Block, batches: readonly Range[], error: ExportError, limits: Limits): Promise<Verdict> {
    const { refused, askedUpTo } = await isolate(block, error, piece => this.#insist(piece, limits))
    // Where the lane leaves, what is refused of a batch that is cut in two stays with its rest: if that is handed back, the
    // sender sends the batch again as a whole, and it would be in the dead letters twice.
    const decided = limits.leaving.aborted ? batches.findLast(({ to }) => to <= askedUpTo)?.to : askedUpTo
    const decidedUpTo = decided ?? 0
    const left: Range[] = overlap(refused, { from: decidedUpTo, to: askedUpTo })
    if (askedUpTo < block.length) left.push({ from: askedUpTo, to: block.length })
    const buried: Refusal[] = []
    for (const letter of byReason(overlap(refused, { from: 0, to: decidedUpTo }))) {
      const isBuried = await this.#bury(pickItems(block, letter), letter[0].error, limits.leaving)
      ;(isBuried ? buried : left).push(...letter)
    }
    const inOrder = (a: Range, b: Range) => a.from - b.from
    return { refused: buried.sort(inOrder), left: left.sort(inOrder) }
  }

  /** Tries until the backend answers, or there is no more trying. */
  async #insist(piece: Block, { leaving, isOver }: Limits): Promise<Answer> {
    do {
      if (!(await this.#attempts.ready(leaving))) continue
      const error = await this.#attempts.export(piece)
      if (error === undefined) return 'taken'
      if (isRefusal(error)) return error
    } while (!leaving.aborted && !isOver())
    return 'unanswered'
  }

  /** Resolves to whether it is in the dead letters; until the lane closes that is tried again. */
  async #bury(block: Block, refusal: ExportError, leaving: AbortSignal): Promise<boolean> {
    const { deadLetters, log, id, clock } = this.#host
    const { reason } = refusal
    const error = describeError(refusal)
    log.error({ items: block.length, reason, err: error }, 'the backend refused items for good')
    if (deadLetters === undefined) return true
    do {
      try {
        await deadLetters.put({ kind: 'exporter', id, reason, error, time: clock.now(), block })
        return true
      } catch (failure) {
        this.#attempts.failed(failure as Error)
        await this.#attempts.ready(leaving)
      }
    } while (!leaving.aborted)
    return false
  }
}

/** One letter a reason. */
function byReason(refusals: readonly Refusal[]): Refusal[][] {
  return [...Map.groupBy(refusals, ({ error }) => error.reason).values()]
}
