import type { Remarks } from '../../../core/promql/sample-store.ts'

/** Remarks on a result that may not be used. */
export class HeldRemarks implements Remarks {
  readonly #held: (readonly [kind: 'warn' | 'info', message: string])[] = []

  warn(message: string): void {
    this.#held.push(['warn', message])
  }

  info(message: string): void {
    this.#held.push(['info', message])
  }

  tell(remarks: Remarks): void {
    for (const [kind, message] of this.#held) remarks[kind](message)
  }
}
