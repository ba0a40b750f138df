import type { Context } from '../../sdk/plugin/index.ts'
import type { Refusal } from './refusal.ts'

const WARN_INTERVAL_MS = 10_000
export const QUOTED_CHARACTERS = 200
/** Clients in use send these at their start, or in place of a number they do not know, or are not to be heard of. */
const USUAL: ReadonlySet<Refusal> = new Set(['empty_datagram', 'missing_value', 'client_telemetry'])

/** Books lines that were not taken, and quotes one now and then in the log. */
export class Refusals {
  readonly #context: Context
  #warnedAt = Number.NEGATIVE_INFINITY
  #unwarned = 0

  constructor(context: Context) {
    this.#context = context
  }

  add(reason: Refusal, line: string): void {
    const { account, clock, log } = this.#context
    account.received++
    account.drop(reason)
    if (USUAL.has(reason)) return
    this.#unwarned++
    if (clock.now() - this.#warnedAt < WARN_INTERVAL_MS) return
    log.warn(
      { reason, lines: this.#unwarned, line: line.slice(0, QUOTED_CHARACTERS) },
      'dropped lines that are not StatsD; this is one'
    )
    this.#warnedAt = clock.now()
    this.#unwarned = 0
  }
}
