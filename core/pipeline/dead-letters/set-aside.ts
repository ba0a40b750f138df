import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { describeError } from '../../errors.ts'
import type { Block } from '../../model/block.ts'
import type { Refusal } from '../../plugin/context.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { DeadLetterStore } from './store.ts'

/** The full folder of dead letters, or a broken disk, is told so often, ms. */
const WARN_MS = 10_000

/** Whole items that a receiver refuses. */
export interface RefusedItems {
  /** Id of the receiver. */
  readonly receiver: string
  readonly block: Block
  readonly refusal: Refusal
  /** See `Origin`. */
  readonly request: string | undefined
}

/** Keeps items that a receiver refuses as a dead letter. Resolves to whether they are on disk. */
export type SetAside = (items: RefusedItems) => Promise<boolean>

export const NOT_SET_ASIDE: SetAside = async () => false

export function settingAside(deadLetters: DeadLetterStore | undefined, clock: Clock, log: Logger): SetAside {
  if (deadLetters === undefined) return NOT_SET_ASIDE
  let warnedAt = Number.NEGATIVE_INFINITY
  return async ({ receiver: id, block, refusal, request }) => {
    // With a key its replay is counted once, also if a crash comes before its removal.
    const key = `refused_${randomUUID().replaceAll('-', '')}`
    try {
      await deadLetters.put({ kind: 'receiver', id, ...refusal, time: clock.now(), request, block, key })
      return true
    } catch (error) {
      if (clock.now() - warnedAt < WARN_MS) return false
      warnedAt = clock.now()
      log.error({ receiver: id, err: describeError(error) }, 'refused items cannot be kept, and are dropped')
      return false
    }
  }
}
