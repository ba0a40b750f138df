import { orAborted } from '../or-aborted.ts'
import { RecentlyUsed } from './recently-used.ts'
import type { Statements } from './statements.ts'

/** Rows that expire are no writes. */
const MAX_AGE_MS = 60_000
/** Whoever asked first may have gone: the answer is for all. */
const TIMEOUT_MS = 60_000

interface Entry<V> {
  /** Undefined of a store that others write into too. */
  readonly writes: number | undefined
  readonly since: number
  readonly answer: Promise<V>
}

export interface RememberedOptions<V> {
  /** Writes that change answers: all of them, or those with rows of series. */
  readonly of: 'blocks' | 'series'
  readonly maxWeight: number
  weightOf(answer: V): number
  /** An answer so young is good enough, also if something was written since. In ms; 0 by default. */
  readonly freshMs?: number
}

/** Answers of the store, which hold until something is written. */
export class Remembered<V> {
  readonly #statements: Statements
  readonly #options: RememberedOptions<V>
  readonly #entries: RecentlyUsed<Entry<V>>

  constructor(statements: Statements, options: RememberedOptions<V>) {
    this.#statements = statements
    this.#options = options
    this.#entries = new RecentlyUsed(options.maxWeight)
  }

  /** The answer to `key`, by `ask` unless it is known. */
  async get(key: string, ask: (signal: AbortSignal) => Promise<V>, signal: AbortSignal): Promise<V> {
    const { of, freshMs = 0 } = this.#options
    const writes = (await this.#statements.writes(signal))?.[of]
    if (writes === undefined && freshMs === 0) return ask(signal)
    const now = performance.now()
    const known = this.#entries.get(key)
    const longestMs = writes !== undefined && known?.writes === writes ? MAX_AGE_MS : freshMs
    const isValid = known !== undefined && now - known.since < longestMs
    const entry = isValid ? known : { writes, since: now, answer: ask(AbortSignal.timeout(TIMEOUT_MS)) }
    if (!isValid) this.#put(key, entry)
    return orAborted(entry.answer, signal)
  }

  /** Its weight is known once it is there. */
  #put(key: string, entry: Entry<V>): void {
    this.#entries.set(key, entry, 0)
    const isCurrent = () => this.#entries.get(key) === entry
    entry.answer.then(
      answer => isCurrent() && this.#entries.set(key, entry, this.#options.weightOf(answer)),
      () => isCurrent() && this.#entries.delete(key)
    )
  }
}
