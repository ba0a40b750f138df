import type { Logger } from 'pino'
import { describeError, type ExportError } from '../../errors.ts'
import type { DeadLetters } from '../../journal/dead-letters.ts'
import type { Block } from '../../model/block.ts'
import { joinBlocks } from '../../model/join.ts'
import { sliceBlock } from '../../model/slice.ts'
import type { Clock } from '../../telemetry/clock.ts'
import { type Attempts, isRefusal } from './attempts.ts'
import { isolate, type Refusal } from './isolate.ts'

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
  #cancelled: AbortSignal

  constructor(attempts: Attempts, host: RefusalsHost, cancelled: AbortSignal) {
    this.#attempts = attempts
    this.#host = host
    this.#cancelled = cancelled
  }

  /** Resolves to what was refused, once it is in the dead letters. Throws the signal's reason where it is cancelled. */
  async sortOut(block: Block, error: ExportError): Promise<Refusal[]> {
    const refusals = await isolate(block, error, piece => this.#insist(piece))
    for (const { error, pieces } of byReason(block, refusals)) await this.#bury(joinBlocks(pieces), error)
    return refusals
  }

  /** Tries until the backend answers. */
  async #insist(piece: Block): Promise<ExportError | undefined> {
    for (;;) {
      const error = await this.#attempts.export(piece)
      if (error === undefined || isRefusal(error)) return error
      await this.#pause()
    }
  }

  async #bury(block: Block, refusal: ExportError): Promise<void> {
    const { deadLetters, log, id, clock } = this.#host
    const { reason } = refusal
    const error = describeError(refusal)
    log.error({ items: block.length, reason, err: error }, 'the backend refused items for good')
    while (deadLetters !== undefined) {
      try {
        return await deadLetters.put({ kind: 'exporter', id, reason, error, time: clock.now(), block })
      } catch (failure) {
        this.#attempts.failed(failure as Error)
        await this.#pause()
      }
    }
  }

  async #pause(): Promise<void> {
    await this.#attempts.ready(this.#cancelled)
    this.#cancelled.throwIfAborted()
  }
}

/** One letter a reason. */
function byReason(block: Block, refusals: readonly Refusal[]): { error: ExportError; pieces: Block[] }[] {
  const found = new Map<string, { error: ExportError; pieces: Block[] }>()
  for (const { from, to, error } of refusals) {
    const known = found.get(error.reason)
    const piece = sliceBlock(block, from, to)
    if (known === undefined) found.set(error.reason, { error, pieces: [piece] })
    else known.pieces.push(piece)
  }
  return [...found.values()]
}
