import type { Logger } from 'pino'
import type { Block } from '../../core/model/block.ts'
import type { Account } from '../../core/telemetry/account.ts'
import type { Clock } from '../../core/telemetry/clock.ts'

const WARN_INTERVAL_MS = 60_000

interface LossContext {
  readonly account: Account
  readonly clock: Clock
  readonly log: Logger
}

/** Points that a store does not keep beside a later one of their series and time: booked as dropped, and told. */
export class SameTimeLosses {
  #context: LossContext
  #remedy: string
  #warnedAt = Number.NEGATIVE_INFINITY

  /** @param remedy advice for users */
  constructor(context: LossContext, remedy: string) {
    this.#context = context
    this.#remedy = remedy
  }

  /** Once their block is stored: the sending queue books all of it as sent. */
  book(block: Block, points: number): void {
    if (points === 0) return
    const { account, clock, log } = this.#context
    account.during(block, () => {
      account.sent -= points
      account.drop('same_time', points)
    })
    const now = clock.now()
    if (now - this.#warnedAt < WARN_INTERVAL_MS) return
    this.#warnedAt = now
    log.warn({ points }, `points of one stored series at the same time: only the last is kept; ${this.#remedy}`)
  }
}
